import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  AAC_HBR,
  aacHeadersOf,
  aacPayloadFormatOf,
  AacPayloadReader,
  decodeRtcp,
  decodeRtpPacket,
  decodeStreamMuxConfig,
  encodeBye,
  encodeReceiverReport,
  encodeSenderReport,
  H264_PAYLOAD,
  H265_PAYLOAD,
  LatmPayloadReader,
  NalPayloadReader,
  packAacAccessUnit,
  packAc3Frame,
  packAv1TemporalUnit,
  packEac3AccessUnit,
  packMpegAudioFrame,
  packNalUnit,
  packVp9Frame,
  RtpTimestampUnwrapper,
  SequenceCounter,
  writeRtpHeader,
} from './index.ts';
import type { PutPayload } from './index.ts';

describe('RTP packets', () => {
  it.each([
    ['plain', '80e00001 00000002 00000003 aabb', { marker: true, payloadType: 96, payload: 'aabb' }],
    ['with contributing sources', '82600001 00000002 00000003 00000004 00000005 aa', { marker: false, payload: 'aa' }],
    ['with an extension', '90600001 00000002 00000003 bede0001 01020304 aa', { payload: 'aa' }],
    ['with padding', 'a0600001 00000002 00000003 aabb 000003', { payload: 'aabb' }],
  ])('are read: %s', (_, bytes, expected) => {
    const packet = decodeRtpPacket(hex(bytes));
    expect({ ...packet, payload: packet.payload.toString('hex') }).toMatchObject({
      sequence: 1,
      timestamp: 2,
      ssrc: 3,
      ...expected,
    });
  });

  it.each([
    ['another version', '40600001 00000002 00000003', 'rtp.version'],
    ['more padding than payload', 'a0600001 00000002 00000003 aa05', 'rtp.padding'],
    ['no padding in spite of the flag', 'a0600001 00000002 00000003 aa00', 'rtp.padding'],
    ['an extension beyond the packet', '90600001 00000002 00000003 bede0002 01020304', 'ended-early'],
    ['sources beyond the packet', '8f600001 00000002 00000003 00000004', 'ended-early'],
  ])('are refused with %s', (_, bytes, code) => expect(faultOf(() => decodeRtpPacket(hex(bytes)))).toBe(code));

  it('are refused when their header is cut', () => {
    const header = Buffer.alloc(12);
    writeRtpHeader(header, 0, { marker: true, payloadType: 97, sequence: 0x1ffff, timestamp: -1, ssrc: 5 });
    expect(decodeRtpPacket(header)).toMatchObject({
      marker: true,
      payloadType: 97,
      sequence: 0xffff,
      timestamp: 2 ** 32 - 1,
    });
    for (let length = 0; length < 12; length++)
      expect(faultOf(() => decodeRtpPacket(header.subarray(0, length)))).toBe('ended-early');
  });
});

describe('RTCP packets', () => {
  it('tell which times belong together', () => {
    const report = { ssrc: 1, wallClockMs: 1_796_000_000_250, rtpTimestamp: 0x1_0000_0005, packets: 7, octets: 8 };
    const [read, ...more] = decodeRtcp(encodeSenderReport(report, 'name'));
    expect(read).toEqual({ type: 200, ...report, rtpTimestamp: 5 });
    expect(more).toEqual([]);
    expect(decodeRtcp(encodeReceiverReport({ ssrc: 1, senderSsrc: 2, lost: 3, highestSequence: 4 }, 'n'))).toEqual([]);
    expect(decodeRtcp(encodeBye(9, 'name'))).toEqual([{ type: 203, ssrcs: [9] }]);
    expect(decodeRtcp(hex('81cb0001 00000009'))).toEqual([{ type: 203, ssrcs: [9] }]);
  });

  it.each([
    ['a length beyond the packet', '80c8ffff 00000001', 'ended-early'],
    ['a sender report that is cut', '80c80001 00000001', 'ended-early'],
    ['more sources than bytes', '9fcb0001 00000001', 'ended-early'],
    ['another version', '40c80000', 'rtcp.version'],
    ['more packets than fit a datagram', '80cc0000'.repeat(65), 'rtcp.too-many'],
  ])('are refused with %s', (_, bytes, code) => expect(faultOf(() => decodeRtcp(hex(bytes)))).toBe(code));
});

describe('sequence numbers and timestamps', () => {
  it('go on over their wraps; gaps are counted, and repeats are late', () => {
    const counter = new SequenceCounter();
    expect([0xfffe, 0xffff, 0, 0, 3, 2, 30_000].map((sequence) => counter.next(sequence))).toEqual([
      'next',
      'next',
      'next',
      'late',
      'gap',
      'late',
      'restarted',
    ]);
    expect(counter.lost).toBe(2);
    expect(counter.highest).toBe(0x10000 + 30_000);
  });

  it('are one line', () => {
    const unwrapper = new RtpTimestampUnwrapper();
    expect(unwrapper.near(5)).toBe(undefined);
    expect([0xffff_fff0, 0x10, 0x8, 0xffff_fff8].map((timestamp) => unwrapper.unwrap(timestamp))).toEqual([
      0xffff_fff0, 0x1_0000_0010, 0x1_0000_0008, 0xffff_fff8,
    ]);
    expect(unwrapper.near(4)).toBe(0x1_0000_0004);
  });
});

describe('NAL units in packets', () => {
  const reader = (syntax: typeof H264_PAYLOAD) => new NalPayloadReader(syntax, { maxBytes: 1_000, maxNalUnits: 8 });
  const read = (syntax: typeof H264_PAYLOAD, ...packets: readonly string[]) => {
    const units = reader(syntax);
    for (const packet of packets) units.push(hex(packet));
    return units.take().map((nalUnit) => nalUnit.toString('hex'));
  };

  it('are single, aggregated or fragmented: H.264', () => {
    expect(read(H264_PAYLOAD, '6588 11')).toEqual(['658811']);
    expect(read(H264_PAYLOAD, '78 0002 6742 0001 68 0000')).toEqual(['6742', '68']);
    expect(read(H264_PAYLOAD, '7c 85 1122', '7c 05 33', '7c 45 44')).toEqual(['6511223344']);
  });

  it('are single, aggregated or fragmented: H.265', () => {
    expect(read(H265_PAYLOAD, '0201 aa')).toEqual(['0201aa']);
    expect(read(H265_PAYLOAD, '6001 0003 4001aa 0002 4201')).toEqual(['4001aa', '4201']);
    expect(read(H265_PAYLOAD, '6201 93 11', '6201 53 22')).toEqual(['26011122']);
  });

  it.each<[string, typeof H264_PAYLOAD, readonly string[], string]>([
    ['nothing', H264_PAYLOAD, [''], 'ended-early'],
    ['half a header', H265_PAYLOAD, ['02'], 'ended-early'],
    ['a fragment without a start', H264_PAYLOAD, ['7c 45 44'], 'rtp.nal'],
    ['a fragment without an end', H264_PAYLOAD, ['7c 85 44'], 'rtp.nal'],
    ['a fragment without a header', H264_PAYLOAD, ['7c'], 'rtp.nal'],
    ['a NAL unit between fragments', H264_PAYLOAD, ['7c 85 44', '6588'], 'rtp.nal'],
    ['two starts', H264_PAYLOAD, ['7c 85 44', '7c 85 44'], 'rtp.nal'],
    ['a length beyond the packet', H264_PAYLOAD, ['78 0005 6742'], 'rtp.nal'],
    ['half a length', H264_PAYLOAD, ['78 00'], 'rtp.nal'],
    ['interleaved units', H264_PAYLOAD, ['79 0000 0001 65'], 'rtp.nal'],
    ['too many units', H264_PAYLOAD, ['41', '41', '41', '41', '41', '41', '41', '41', '41'], 'rtp.nal'],
    ['too many bytes', H264_PAYLOAD, [`7c85${'00'.repeat(900)}`, `7c05${'00'.repeat(900)}`], 'rtp.nal'],
  ])('are refused: %s', (_, syntax, packets, code) => expect(faultOf(() => read(syntax, ...packets))).toBe(code));

  it.each([
    ['H.264', H264_PAYLOAD, 1],
    ['H.265', H265_PAYLOAD, 2],
  ])('are packed so that they are read alike, whatever their length: %s', (_, syntax, header) => {
    for (let length = header; length < 60; length++) {
      const nalUnit = Buffer.from(Array.from({ length }, (_byte, i) => (i === 0 ? 0x26 : i)));
      const payloads: Buffer[] = [];
      packNalUnit(syntax, nalUnit, 16, (head, body) => payloads.push(Buffer.concat([head, body])));
      expect(Math.max(...payloads.map((payload) => payload.length))).toBeLessThanOrEqual(16);
      const units = reader(syntax);
      for (const payload of payloads) units.push(payload);
      expect(units.take()).toEqual([nalUnit]);
    }
  });
});

describe('AAC in packets', () => {
  const hbr = new Map(Object.entries({ mode: 'AAC-hbr', sizelength: '13', indexlength: '3', indexdeltalength: '3' }));
  const units = (...packets: readonly string[]) => {
    const reader = new AacPayloadReader(AAC_HBR, 64);
    return packets.flatMap((packet) => reader.push(hex(packet)).map((unit) => unit.toString('hex')));
  };

  it('is of the mode that encoders use', () => {
    expect(aacPayloadFormatOf(hbr)).toEqual(AAC_HBR);
    expect(aacPayloadFormatOf(new Map([...hbr, ['mode', 'AAC-lbr']]))).toBe(undefined);
    expect(aacPayloadFormatOf(new Map([...hbr, ['sizelength', '99']]))).toBe(undefined);
    expect(aacPayloadFormatOf(new Map([...hbr, ['ctsdeltalength', '8']]))).toBe(undefined);
  });

  it('is one access unit, several, or a part of one', () => {
    expect(units('0010 0010 aabb')).toEqual(['aabb']);
    expect(units('0020 0008 0010 aa bbcc')).toEqual(['aa', 'bbcc']);
    expect(units('0010 0020 aabb', '0010 0020 ccdd')).toEqual(['aabbccdd']);
    expect(aacHeadersOf(8_191).toString('hex')).toBe('0010fff8');
    expect(units(`${aacHeadersOf(2).toString('hex')}aabb`)).toEqual(['aabb']);
  });

  it.each([
    ['nothing', ['']],
    ['no unit', ['0000']],
    ['headers beyond the packet', ['0010']],
    ['a unit beyond the packet', ['0020 0008 0020 aabb']],
    ['interleaved units', ['0010 0011 aabb']],
    ['a unit that is too long', ['0010 0400 aabb']],
    ['fragments that are more than the whole', ['0010 0018 aabb', '0010 0018 ccdd']],
  ])('is refused: %s', (_, packets) => {
    expect(['rtp.aac', 'ended-early']).toContain(faultOf(() => units(...packets)));
  });

  it('may be LATM', () => {
    // AAC-LC, 44.1 kHz, stereo: as FFmpeg and GStreamer write it.
    const config = decodeStreamMuxConfig(hex('40002420 3fc0'));
    expect(config).toEqual({ record: hex('1210'), unitsPerElement: 1 });
    const reader = new LatmPayloadReader(config, 1_000);
    expect(reader.push(hex('02 aa'), false)).toEqual([]);
    expect(reader.push(hex('bb'), true)).toEqual([hex('aabb')]);
    expect(reader.push(Buffer.concat([hex('ff01'), Buffer.alloc(256)]), true)).toEqual([Buffer.alloc(256)]);
    expect(faultOf(() => reader.push(hex('05 aa'), true))).toBe('rtp.latm');
    expect(faultOf(() => reader.push(hex('ff'), true))).toBe('ended-early');
    expect(faultOf(() => reader.push(Buffer.alloc(1_001), true))).toBe('rtp.latm');
    expect(faultOf(() => decodeStreamMuxConfig(hex('c0002420 3fc0')))).toBe('rtp.latm');
  });
});

/** Payloads in hexadecimal, `head|body`. */
function payloadsOf(pack: (put: PutPayload) => void): string[] {
  const payloads: string[] = [];
  pack((head, body) => payloads.push(`${Buffer.from(head).toString('hex')}|${Buffer.from(body).toString('hex')}`));
  return payloads;
}

describe('payload formats that are only sent', () => {
  it('AV1: one OBU in each packet, without its size, in fragments where it is long', () => {
    // A temporal delimiter, a sequence header and a frame with an extension header.
    const unit = hex('1200 0a03 aabbcc 3600 05 0102030405');
    expect(payloadsOf((put) => packAv1TemporalUnit(unit, true, 6, put))).toEqual([
      '1808|aabbcc',
      '503400|010203',
      '90|0405',
    ]);
    expect(payloadsOf((put) => packAv1TemporalUnit(hex('0a01aa'), false, 6, put))).toEqual(['1008|aa']);
    expect(faultOf(() => packAv1TemporalUnit(hex('0a05aa'), false, 6, () => undefined))).toBe('ended-early');
  });

  it('VP9: a picture id that wraps at 15 bits, and marks of the beginning and end of each frame', () => {
    const frame = hex('0102030405');
    expect(payloadsOf((put) => packVp9Frame(frame, 0x8123, true, 5, put))).toEqual([
      '888123|0102',
      '808123|0304',
      '848123|05',
    ]);
    expect(payloadsOf((put) => packVp9Frame(frame, 5, false, 100, put))).toEqual(['cc8005|0102030405']);
  });

  it('MP3: fragments that say where they begin', () => {
    expect(payloadsOf((put) => packMpegAudioFrame(hex('0102030405'), 7, put))).toEqual([
      '00000000|010203',
      '00000003|0405',
    ]);
    expect(payloadsOf((put) => packMpegAudioFrame(Buffer.alloc(0x301), 4 + 0x180, put)).at(-1)).toBe('00000300|00');
  });

  it('AC-3 and Enhanced AC-3: whole frames, and fragments with their number', () => {
    const frame = hex('0102030405060708');
    expect(payloadsOf((put) => packAc3Frame(frame, 10, put))).toEqual(['0001|0102030405060708']);
    // Five eighths in the first one, and less.
    expect(payloadsOf((put) => packAc3Frame(frame, 7, put))).toEqual(['0102|0102030405', '0302|060708']);
    expect(payloadsOf((put) => packAc3Frame(frame, 6, put))).toEqual(['0202|01020304', '0302|05060708']);
    expect(payloadsOf((put) => packEac3AccessUnit(frame, 10, put))).toEqual(['0001|0102030405060708']);
    expect(payloadsOf((put) => packEac3AccessUnit(frame, 7, put))).toEqual(['0102|0102030405', '0102|060708']);
  });

  it('AAC: whole access units, and fragments that have the length of the whole', () => {
    const reader = new AacPayloadReader(AAC_HBR, 64);
    const read: Buffer[] = [];
    packAacAccessUnit(hex('0102030405'), 7, (head, body) => read.push(...reader.push(Buffer.concat([head, body]))));
    expect(payloadsOf((put) => packAacAccessUnit(hex('0102030405'), 7, put))).toEqual([
      '00100028|010203',
      '00100028|0405',
    ]);
    expect(read).toEqual([hex('0102030405')]);
  });
});
