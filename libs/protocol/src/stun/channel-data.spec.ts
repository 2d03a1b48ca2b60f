import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  channelDataPadding,
  classify,
  decodeChannelData,
  encodeChannelData,
  encodeChannelDataHeader,
  isChannelNumber,
  MAX_RFC5766_CHANNEL_NUMBER,
} from './index.ts';

describe('ChannelData', () => {
  it.each([
    ['of one byte', 0x4000, 'ff', '4000 0001 ff', '4000 0001 ff 000000'],
    ['of four bytes', 0x4fff, '01020304', '4fff 0004 01020304', '4fff 0004 01020304'],
    ['of nothing', 0x4001, '', '4001 0000', '4001 0000'],
  ])('%s', (_name, channel, data, inDatagram, inStream) => {
    expect(encodeChannelData(channel, hex(data)).toString('hex')).toBe(hex(inDatagram).toString('hex'));
    expect(encodeChannelData(channel, hex(data), true).toString('hex')).toBe(hex(inStream).toString('hex'));
    expect(decodeChannelData(hex(inDatagram))).toEqual({ channel, data: hex(data) });
    expect(decodeChannelData(hex(inStream))).toEqual({ channel, data: hex(data) });
  });

  it('its header alone goes before data that stays where it is', () => {
    expect(encodeChannelDataHeader(0x4abc, 0x1234).toString('hex')).toBe('4abc1234');
    expect([0, 1, 2, 3, 4].map(channelDataPadding)).toEqual([0, 3, 2, 1, 0]);
    expect(() => encodeChannelDataHeader(0x3fff, 0)).toThrow(RangeError);
    expect(() => encodeChannelDataHeader(0x5000, 0)).toThrow(RangeError);
    expect(() => encodeChannelDataHeader(0x4000, 0x10000)).toThrow(RangeError);
  });

  it('views the bytes that it came in', () => {
    const bytes = hex('4000 0001 ff');
    const { data } = decodeChannelData(bytes);
    bytes[4] = 1;
    expect(data[0]).toBe(1);
  });

  it.each([
    [0x3fff, false],
    [0x4000, true],
    [0x4fff, true],
    [0x5000, false],
    [0x7fff, false],
    [0xffff, false],
  ])('channel %i', (channel, accepted) => {
    expect(isChannelNumber(channel)).toBe(accepted);
    const bytes = Buffer.of(channel >> 8, channel & 0xff, 0, 0);
    expect(classify(bytes) === 'channel-data').toBe(accepted);
    expect(faultOf(() => decodeChannelData(bytes))).toBe(accepted ? undefined : 'stun.channel-data.number');
  });

  it('longer than its datagram, or shorter than a header, it ended early', () => {
    for (const bytes of ['', '40', '4000', '400000', '4000 0001', '4000 0004 010203', '4000 ffff 00']) {
      expect(faultOf(() => decodeChannelData(hex(bytes)))).toBe('ended-early');
    }
  });

  it('with 65,535 bytes it is read', () => {
    const bytes = encodeChannelData(0x4000, Buffer.alloc(0xffff, 7), true);
    expect(bytes.length).toBe(4 + 0x10000);
    expect(decodeChannelData(bytes).data.length).toBe(0xffff);
  });

  it('reads what was written', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0x4000, max: 0x4fff }),
        fc.uint8Array({ maxLength: 2000 }),
        fc.boolean(),
        (channel, data, padded) => {
          const bytes = encodeChannelData(channel, data, padded);
          expect(decodeChannelData(bytes)).toEqual({ channel, data: Buffer.from(data) });
        },
      ),
    );
  });
});

describe('classify', () => {
  // RFC 7983 section 7.
  it.each([
    ['STUN', 0, 'stun'],
    ['the last of STUN', 3, 'stun'],
    ['ZRTP', 16, 'other'],
    ['a TLS hello', 22, 'other'],
    ['DTLS', 63, 'other'],
    ['the first channels', 64, 'channel-data'],
    ['the last channels', 79, 'channel-data'],
    ['channels of RFC 5766', 80, 'other'],
    ['RTP', 128, 'other'],
    ['anything', 255, 'other'],
  ])('%s: first byte %i', (_name, first, kind) => {
    expect(classify(Buffer.of(first, 0, 0))).toBe(kind);
  });

  it('channels of RFC 5766 are channels to who serves its clients', () => {
    const kinds = [0x40, 0x4f, 0x50, 0x7f, 0x80].map((first) => classify(Buffer.of(first), MAX_RFC5766_CHANNEL_NUMBER));
    expect(kinds).toEqual(['channel-data', 'channel-data', 'channel-data', 'channel-data', 'other']);
    expect(isChannelNumber(0x7fff, MAX_RFC5766_CHANNEL_NUMBER)).toBe(true);
    expect(isChannelNumber(0x8000, MAX_RFC5766_CHANNEL_NUMBER)).toBe(false);
  });

  it('nothing is neither', () => {
    expect(classify(Buffer.alloc(0))).toBe('other');
  });
});
