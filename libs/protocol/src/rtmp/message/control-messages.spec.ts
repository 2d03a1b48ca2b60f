import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { faultOf } from '../../testing/protocol-fault.ts';
import { decodeAbort, encodeAbort } from './abort.ts';
import { decodeAcknowledgement, encodeAcknowledgement } from './acknowledgement.ts';
import { decodeSetChunkSize, encodeSetChunkSize } from './set-chunk-size.ts';
import { decodeSetPeerBandwidth, encodeSetPeerBandwidth } from './set-peer-bandwidth.ts';
import { decodeUserControl, encodeUserControl } from './user-control.ts';
import type { UserControl } from './user-control.ts';
import { decodeWindowAcknowledgementSize, encodeWindowAcknowledgementSize } from './window-acknowledgement-size.ts';

interface Element {
  readonly name: string;
  readonly bytes: string;
  readonly value: unknown;
  readonly decode: (payload: Buffer) => unknown;
  readonly encode: () => Buffer;
}

function userControl(name: string, bytes: string, value: Exclude<UserControl, { event: 'unknown' }>): Element {
  return { name, bytes, value, decode: decodeUserControl, encode: () => encodeUserControl(value) };
}

const elements: readonly Element[] = [
  {
    name: '5.4.1 Set Chunk Size',
    bytes: '00001000',
    value: 4096,
    decode: (payload) => decodeSetChunkSize(payload, 2, 0),
    encode: () => encodeSetChunkSize(4096),
  },
  {
    name: '5.4.2 Abort',
    bytes: '0001003f',
    value: 65_599,
    decode: (payload) => decodeAbort(payload, 2, 0),
    encode: () => encodeAbort(65_599),
  },
  {
    name: '5.4.3 Acknowledgement',
    bytes: 'fedcba98',
    value: 0xfedcba98,
    decode: decodeAcknowledgement,
    encode: () => encodeAcknowledgement(0xfedcba98),
  },
  {
    name: '5.4.4 Window Acknowledgement Size',
    bytes: '002625a0',
    value: 2_500_000,
    decode: decodeWindowAcknowledgementSize,
    encode: () => encodeWindowAcknowledgementSize(2_500_000),
  },
  {
    name: '5.4.5 Set Peer Bandwidth',
    bytes: '002625a0 02',
    value: { windowSize: 2_500_000, limit: 2 },
    decode: decodeSetPeerBandwidth,
    encode: () => encodeSetPeerBandwidth({ windowSize: 2_500_000, limit: 2 }),
  },
  userControl('7.1.7 Stream Begin', '0000 00000001', { event: 'streamBegin', messageStreamId: 1 }),
  userControl('7.1.7 Stream EOF', '0001 00000001', { event: 'streamEof', messageStreamId: 1 }),
  userControl('7.1.7 Stream Dry', '0002 00000001', { event: 'streamDry', messageStreamId: 1 }),
  userControl('7.1.7 Set Buffer Length', '0003 00000001 00000bb8', {
    event: 'setBufferLength',
    messageStreamId: 1,
    bufferMs: 3000,
  }),
  userControl('7.1.7 Stream Is Recorded', '0004 00000001', { event: 'streamIsRecorded', messageStreamId: 1 }),
  userControl('7.1.7 Ping Request', '0006 00000d0f', { event: 'pingRequest', timestamp: 0xd0f }),
  userControl('7.1.7 Ping Response', '0007 00000d0f', { event: 'pingResponse', timestamp: 0xd0f }),
  userControl('SWF verification request', '001a', { event: 'swfVerifyRequest' }),
  userControl('SWF verification response', '001b 0102', { event: 'swfVerifyResponse', response: hex('0102') }),
  userControl('buffer empty', '001f 00000001', { event: 'bufferEmpty', messageStreamId: 1 }),
  userControl('buffer ready', '0020 00000001', { event: 'bufferReady', messageStreamId: 1 }),
];

describe('control messages', () => {
  it.each(elements)('$name is read', ({ bytes, value, decode }) => {
    expect(decode(hex(bytes))).toEqual(value);
  });

  it.each(elements)('$name is written', ({ bytes, encode }) => {
    expect(encode().toString('hex')).toBe(hex(bytes).toString('hex'));
  });

  it.each(elements)('$name fails cleanly at every truncation', ({ name, bytes, decode }) => {
    const whole = hex(bytes);
    // What is behind the event type of this one may have any length.
    const shortest = name === 'SWF verification response' ? 2 : whole.length;
    for (let length = 0; length < shortest; length++) {
      expect(faultOf(() => decode(whole.subarray(0, length)))).toBe('ended-early');
    }
  });

  it('come back with any value of their fields', () => {
    const u32 = fc.nat(0xffffffff);
    const stream = fc.constantFrom(
      'streamBegin',
      'streamEof',
      'streamDry',
      'streamIsRecorded',
      'bufferEmpty',
      'bufferReady',
    );
    const control = fc.oneof(
      fc.record({ event: stream, messageStreamId: u32 }),
      fc.record({ event: fc.constant('setBufferLength' as const), messageStreamId: u32, bufferMs: u32 }),
      fc.record({ event: fc.constantFrom('pingRequest' as const, 'pingResponse' as const), timestamp: u32 }),
      fc.record({
        event: fc.constant('swfVerifyResponse' as const),
        response: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      }),
    );
    fc.assert(
      fc.property(
        control,
        u32,
        fc.integer({ min: 1, max: 0x7fffffff }),
        fc.constantFrom(0, 1, 2),
        (one, value, size, limit) => {
          expect(decodeUserControl(encodeUserControl(one))).toEqual(one);
          expect(decodeSetChunkSize(encodeSetChunkSize(size), 2, 0)).toBe(size);
          expect(decodeAbort(encodeAbort(value), 2, 0)).toBe(value);
          expect(decodeAcknowledgement(encodeAcknowledgement(value))).toBe(value);
          expect(decodeWindowAcknowledgementSize(encodeWindowAcknowledgementSize(value))).toBe(value);
          expect(decodeSetPeerBandwidth(encodeSetPeerBandwidth({ windowSize: value, limit }))).toEqual({
            windowSize: value,
            limit,
          });
        },
      ),
    );
  });

  it('Set Chunk Size holds 31 bits and is not 0', () => {
    expect(faultOf(() => decodeSetChunkSize(hex('00000000'), 2, 0))).toBe('rtmp.chunk.bad-chunk-size');
    expect(faultOf(() => decodeSetChunkSize(hex('80000000'), 2, 0))).toBe('rtmp.chunk.bad-chunk-size');
    expect(decodeSetChunkSize(hex('7fffffff'), 2, 0)).toBe(0x7fffffff);
  });

  it('an acknowledgement of more than 2^32 bytes sends the low 32 bits', () => {
    expect(encodeAcknowledgement(0x1_0000_0001).toString('hex')).toBe('00000001');
  });

  it('Set Peer Bandwidth of limit type 3 is refused', () => {
    expect(faultOf(() => decodeSetPeerBandwidth(hex('002625a0 03')))).toBe('rtmp.control.bad-limit-type');
  });

  it('undefined event types are `unknown`, not errors', () => {
    expect(decodeUserControl(hex('ffff 0102'))).toEqual({ event: 'unknown', code: 0xffff });
    expect(decodeUserControl(hex('0005'))).toEqual({ event: 'unknown', code: 5 });
  });
});
