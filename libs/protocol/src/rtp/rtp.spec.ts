import { describe, expect, it } from 'vitest';
import { splitAccessUnit } from '../nal/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  AAC_HBR,
  aacHeadersOf,
  aacPayloadFormatOf,
  AacPayloadReader,
  Ac3PayloadReader,
  Av1PayloadReader,
  decodeRtcp,
  decodeRtpPacket,
  decodeStreamMuxConfig,
  encodeBye,
  encodeReceiverReport,
  encodeSenderReport,
  H264_PAYLOAD,
  H265_PAYLOAD,
  LatmPayloadReader,
  MpegAudioPayloadReader,
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
  Vp9PayloadReader,
  writeRtpHeader,
} from './index.ts';
import type { PicturePayloadReader, PutPayload } from './index.ts';

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
    return splitAccessUnit(units.take(), 4).map((nalUnit) => Buffer.from(nalUnit).toString('hex'));
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
      expect(splitAccessUnit(units.take(), 4).map((unit) => Buffer.from(unit))).toEqual([nalUnit]);
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

describe('pictures and sound that say all there is to know in their packets', () => {
  const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const picture = (reader: PicturePayloadReader, ...packets: readonly string[]) => {
    for (const packet of packets) reader.push(hex(packet));
    return hexOf(reader.take());
  };
  const frames = (reader: { push(payload: Buffer, marker: boolean): Buffer[] }, ...packets: readonly string[]) =>
    packets.flatMap((packet) => reader.push(hex(packet), false)).map(hexOf);
  const av1 = () => new Av1PayloadReader(1_000);
  const vp9 = () => new Vp9PayloadReader(1_000);

  it('AV1: OBUs get their sizes again, with or without lengths in the packet; temporal delimiters are left out', () => {
    expect(picture(av1(), '1808 aabbcc', '5034 00 010203', '90 0405')).toBe('0a03aabbcc3600050102030405');
    // Two elements, the first with a length; three, all with one.
    expect(picture(av1(), '2802 0801 3001')).toBe('0a01013201 01'.replaceAll(' ', ''));
    expect(picture(av1(), '00 0110 020801 023002')).toBe('0a0101320102');
    // One that has a size already, and one that goes on over three packets.
    expect(picture(av1(), '100a0101')).toBe('0a0101');
    expect(picture(av1(), '503001', 'd0 02', '9003')).toBe('3203010203');
  });

  it.each([
    ['nothing', ['']],
    ['no element', ['10']],
    ['a fragment without a start', ['903001']],
    ['a start between fragments', ['503001', '1030']],
    ['a fragment without an end', ['503001']],
    ['an element beyond the packet', ['20053001']],
    ['fewer elements than it says', ['300130']],
    ['a length without an end', ['00ffffffff01']],
    ['an OBU without its extension', ['1034']],
    ['too many bytes', [`50${'30'.repeat(600)}`, `d0${'00'.repeat(600)}`]],
  ])('AV1 is refused: %s', (_, packets) =>
    expect(['rtp.av1', 'ended-early']).toContain(faultOf(() => picture(av1(), ...packets))),
  );

  it('VP9: whatever its descriptor holds', () => {
    expect(picture(vp9(), '888123 0102', '808123 0304', '848123 05')).toBe('0102030405');
    expect(picture(vp9(), '0c 0102')).toBe('0102');
    // A picture id of 7 bits, layers with TL0PICIDX, and a structure with a size and two pictures.
    expect(picture(vp9(), 'ae 05 20 07 18 01400090 02 04 01 00 0102')).toBe('0102');
    // Flexible mode with two references.
    expect(picture(vp9(), 'fc 05 20 03 02 0102')).toBe('0102');
  });

  it.each([
    ['nothing', ['']],
    ['no frame', ['0c']],
    ['half a descriptor', ['8c 81']],
    ['a fragment without a start', ['04 01']],
    ['a fragment without an end', ['08 01']],
    ['two frames', ['0c 01', '0c 01']],
    ['a spatial layer', ['2c 02 00 01']],
    ['too many references', ['5c 03 03 03 02 01']],
    ['a structure beyond the packet', ['0e f8']],
    ['too many bytes', [`08${'00'.repeat(600)}`, `00${'00'.repeat(600)}`]],
  ])('VP9 is refused: %s', (_, packets) =>
    expect(['rtp.vp9', 'ended-early']).toContain(faultOf(() => picture(vp9(), ...packets))),
  );

  it('MP3: several frames in a packet, or one in several', () => {
    const reader = () => new MpegAudioPayloadReader();
    // 128 kbit/s, 44.1 kHz: 417 bytes.
    const frame = `fffb9000${'11'.repeat(413)}`;
    expect(frames(reader(), `00000000${frame}${frame}`)).toEqual([`${frame}${frame}`]);
    const parts = [`00000000${frame.slice(0, 400)}`, `000000c8${frame.slice(400)}`];
    expect(frames(reader(), ...parts)).toEqual([frame]);
    // A frame whose end is lost costs itself only.
    expect(frames(reader(), parts[0]!, `00000000${frame}`)).toEqual([frame]);
    expect(faultOf(() => frames(reader(), parts[1]!))).toBe('rtp.mpeg-audio');
    expect(faultOf(() => frames(reader(), parts[0]!, `${parts[1]}00`))).toBe('rtp.mpeg-audio');
    expect(faultOf(() => frames(reader(), '00000000'))).toBe('rtp.mpeg-audio');
    expect(faultOf(() => frames(reader(), '00000000fffd9000'))).toBe('mp3.header.layer');
  });

  it('AC-3 and Enhanced AC-3: whole frames, or fragments of one', () => {
    expect(frames(new Ac3PayloadReader(64), '0002 0b77aa0b77bb')).toEqual(['0b77aa0b77bb']);
    expect(frames(new Ac3PayloadReader(64), '0203 0102', '0303 0304', '0303 05')).toEqual(['0102030405']);
    expect(frames(new Ac3PayloadReader(64), '0102 0102', '0202 0102', '0302 03')).toEqual(['010203']);
    expect(frames(new Ac3PayloadReader(64, true), '0102 0102', '0102 03', '0001 04')).toEqual(['010203', '04']);
    expect(faultOf(() => frames(new Ac3PayloadReader(64), '0302 03'))).toBe('rtp.ac3');
    expect(faultOf(() => frames(new Ac3PayloadReader(64), '0001'))).toBe('rtp.ac3');
    expect(faultOf(() => frames(new Ac3PayloadReader(2), '0203 0102', '0303 0304'))).toBe('rtp.ac3');
  });

  it('are read as they were packed, whatever their length', () => {
    for (let length = 1; length < 80; length++) {
      const bytes = Buffer.from(Array.from({ length }, (_byte, i) => i));
      const read = (pack: (put: PutPayload) => void, reader: PicturePayloadReader): string => {
        pack((head, body) => reader.push(Buffer.concat([head, body])));
        return hexOf(reader.take());
      };
      const obu = Buffer.concat([Buffer.of(0x32, length), bytes]);
      expect(read((put) => packAv1TemporalUnit(obu, false, 16, put), av1())).toBe(hexOf(obu));
      expect(read((put) => packVp9Frame(bytes, 5, true, 16, put), vp9())).toBe(hexOf(bytes));
      for (const [pack, reader] of [
        [packAc3Frame, new Ac3PayloadReader(100)],
        [packEac3AccessUnit, new Ac3PayloadReader(100, true)],
      ] as const) {
        const out: Buffer[] = [];
        pack(bytes, 16, (head, body) => out.push(...reader.push(Buffer.concat([head, body]))));
        expect(out).toEqual([bytes]);
      }
    }
  });
});

describe('payload formats as they are sent', () => {
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
