import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import type { VideoTag } from './index.ts';
import {
  encodeH264TagHeader,
  encodeExVideoTagHeader,
  FlvDecoder,
  fourCcName,
  readVideoTag,
  VideoFourCc,
  VideoFrameType,
  VideoPacketType,
} from './index.ts';

const { keyframe, inter, disposable, command } = VideoFrameType;
const { sequenceStart, codedFrames, sequenceEnd, codedFramesX, metadata, mpeg2TsSequenceStart } = VideoPacketType;

/** Adobe Flash Video File Format 10.1 annex E.4.3.1: legacy AVC. */
const AVC: readonly [string, string, [number, number, number]][] = [
  ['sequence header', '17 00 000000', [keyframe, sequenceStart, 0]],
  ['keyframe', '17 01 000043', [keyframe, codedFrames, 67]],
  ['inter frame', '27 01 000000', [inter, codedFrames, 0]],
  ['disposable frame', '37 01 00002a', [disposable, codedFrames, 42]],
  ['end of sequence', '17 02 000000', [keyframe, sequenceEnd, 0]],
  ['composition time -1', '27 01 ffffff', [inter, codedFrames, -1]],
  ['composition time -100', '27 01 ffff9c', [inter, codedFrames, -100]],
  ['composition time 0x7fffff', '27 01 7fffff', [inter, codedFrames, 0x7fffff]],
  ['composition time -0x800000', '27 01 800000', [inter, codedFrames, -0x800000]],
];

/** Enhanced RTMP v2, "ExVideoTagHeader", one track. */
const EXTENDED: readonly [string, string, keyof typeof VideoFourCc, [number, number, number, number]][] = [
  ['HEVC sequence start', '90 68766331', 'h265', [keyframe, sequenceStart, 0, 0]],
  ['frame type 0, which is reserved', '80 68766331', 'h265', [0, sequenceStart, 0, 0]],
  ['HEVC frame with composition time', 'a1 68766331 00002a', 'h265', [inter, codedFrames, 42, 0]],
  ['HEVC frame with a negative composition time', 'a1 68766331 ffffff', 'h265', [inter, codedFrames, -1, 0]],
  ['HEVC frame without composition time', 'a3 68766331', 'h265', [inter, codedFramesX, 0, 0]],
  ['AVC frame with composition time', '91 61766331 000010', 'h264', [keyframe, codedFrames, 16, 0]],
  ['VVC frame with composition time', '91 76766331 000010', 'vvc', [keyframe, codedFrames, 16, 0]],
  ['AV1 sequence start', '90 61763031', 'av1', [keyframe, sequenceStart, 0, 0]],
  ['AV1 frame, which has no composition time', '91 61763031', 'av1', [keyframe, codedFrames, 0, 0]],
  ['VP9 frame', 'a1 76703039', 'vp9', [inter, codedFrames, 0, 0]],
  ['VP8 frame', 'a1 76703038', 'vp8', [inter, codedFrames, 0, 0]],
  ['end of sequence', '92 61763031', 'av1', [keyframe, sequenceEnd, 0, 0]],
  ['metadata, even as a command frame', 'd4 61763031', 'av1', [command, metadata, 0, 0]],
  ['MPEG-2 TS sequence start', '95 61763031', 'av1', [keyframe, mpeg2TsSequenceStart, 0, 0]],
  ['nanoseconds before a frame', '97 02 0f423f 01 61763031', 'av1', [keyframe, codedFrames, 0, 999_999]],
  ['nanoseconds and composition time', 'a7 02 000064 01 68766331 000021', 'h265', [inter, codedFrames, 33, 100]],
];

const BODY = 'c0ffee';

describe('video message', () => {
  it.each(AVC)('legacy AVC: %s', (_name, header, [frameType, packetType, compositionTimeMs]) => {
    const expected = packetType === codedFrames ? compositionTimeMs : 0;
    expect(readVideoTag(hex(header + BODY))).toEqual({
      codec: 'h264',
      fourCc: 0,
      extended: false,
      frameType,
      packetType,
      compositionTimeMs: expected,
      nanoOffset: 0,
      multitrack: undefined,
      dataOffset: 5,
    });
    expect(encodeH264TagHeader({ frameType, packetType, compositionTimeMs })).toEqual(hex(header));
  });

  it.each(EXTENDED)('extended: %s', (_name, header, codec, [frameType, packetType, compositionTimeMs, nanoOffset]) => {
    const tag = readVideoTag(hex(header + BODY));
    expect(tag).toMatchObject({ codec, extended: true, frameType, packetType, compositionTimeMs, nanoOffset });
    expect(fourCcName(tag.fourCc)).toBe(VideoFourCc[codec]);
    expect(tag.dataOffset).toBe(hex(header).length);
    expect(encodeExVideoTagHeader({ codec, frameType, packetType, compositionTimeMs, nanoOffset })).toEqual(
      hex(header),
    );
  });

  it.each<[string, string, Partial<VideoTag>]>([
    [
      'HEVC under the number 12',
      '1c 01 00000a',
      { codec: 'h265', packetType: codedFrames, compositionTimeMs: 10, dataOffset: 5 },
    ],
    ['Sorenson H.263', '22 aa', { codec: 'sorenson-h263', packetType: codedFrames, dataOffset: 1 }],
    ['VP6', '24 aa', { codec: 'vp6', dataOffset: 1 }],
    ['VP6 with alpha', '25 aa', { codec: 'vp6-alpha' }],
    ['screen video', '23', { codec: 'screen', dataOffset: 1 }],
    ['an unused number', '2f aa', { codec: 'unknown' }],
    ['a legacy command frame', '57 00', { codec: 'h264', frameType: command, dataOffset: 1 }],
    ['an unknown FourCC', '91 58585858', { codec: 'unknown', fourCc: 0x58585858, dataOffset: 5 }],
    ['a command alone', 'd1 00', { codec: 'none', frameType: command, packetType: codedFrames, dataOffset: 1 }],
    [
      'two ModEx packets',
      '97 02 000005 07 00 aa 11 61763031',
      { codec: 'av1', nanoOffset: 5, packetType: codedFrames },
    ],
    ['as many ModEx packets as there may be', `97 ${'00 00 17'.repeat(7)} 00 00 11 61763031`, { codec: 'av1' }],
    [
      'ModEx of 256 bytes of an unknown kind',
      `97 ff 00ff ${'00'.repeat(256)} 11 61763031`,
      { codec: 'av1', nanoOffset: 0 },
    ],
  ])('reads %s', (_name, bytes, expected) => {
    expect(readVideoTag(hex(bytes))).toMatchObject(expected);
  });

  it('every truncation of a header is a typed error', () => {
    for (const header of [...AVC, ...EXTENDED].map(([, bytes]) => hex(bytes))) {
      for (let length = 0; length < header.length; length++) {
        expect(faultOf(() => readVideoTag(header.subarray(0, length)))).toBe('ended-early');
      }
    }
  });

  it.each<[string, string, string]>([
    ['a millisecond of nanoseconds', '97 02 0f4240 01 61763031', 'flv.mod-ex.nano-offset'],
    ['nanoseconds in too few bytes', '97 01 0f42 01 61763031', 'ended-early'],
    ['ModEx without end', `97 ${'00 00 17'.repeat(8)} 00 00 11 61763031`, 'flv.mod-ex.chain'],
    ['a multitrack kind that does not exist', '96 31 61763031', 'flv.multitrack.type'],
  ])('with %s is refused', (_name, bytes, code) => {
    expect(faultOf(() => readVideoTag(hex(bytes)))).toBe(code);
  });

  it('comes back from any header', () => {
    const header = fc.record({
      codec: fc.constantFrom(...(Object.keys(VideoFourCc) as (keyof typeof VideoFourCc)[])),
      frameType: fc.constantFrom(keyframe, inter),
      packetType: fc.constantFrom(sequenceStart, codedFrames, sequenceEnd, codedFramesX, metadata),
      compositionTimeMs: fc.integer({ min: -0x800000, max: 0x7fffff }),
      nanoOffset: fc.nat(999_999),
    });
    fc.assert(
      fc.property(header, (fields) => {
        const bytes = encodeExVideoTagHeader(fields);
        const tag = readVideoTag(bytes);
        const hasTime = fields.packetType === codedFrames && ['h264', 'h265', 'vvc'].includes(fields.codec);
        expect(tag).toMatchObject({ ...fields, compositionTimeMs: hasTime ? fields.compositionTimeMs : 0 });
        expect(tag.dataOffset).toBe(bytes.length);
      }),
    );
  });

  it('is AV1 in the footage that came over Enhanced RTMP', () => {
    const bytes = readFileSync(new URL('../../../../media/bbb-av1-opus-enhanced.flv', import.meta.url));
    const tags = new FlvDecoder().push(bytes).filter((tag) => tag.type === 9);
    const heads = tags.map((tag) => readVideoTag(tag.data));
    expect(new Set(heads.map((head) => head.codec))).toEqual(new Set(['av1']));
    expect(heads.slice(0, 4).map((head) => head.packetType)).toEqual([
      sequenceStart,
      sequenceStart,
      metadata,
      codedFrames,
    ]);
    expect(heads[2]?.frameType).toBe(command);
  });
});

describe('a video message that ends early', () => {
  it.each<[string, string]>([
    ['0 bytes', ''],
    ['1 byte', '17'],
    ['4 bytes', '17000000'],
  ])('a video message of %s is a typed error', (_name, bytes) => {
    expect(faultOf(() => readVideoTag(hex(bytes)))).toBe('ended-early');
  });

  it('a video message of a header alone has no data', () => {
    const payload = hex('1701000000');
    expect(payload.subarray(readVideoTag(payload).dataOffset)).toHaveLength(0);
  });
});

describe('a video codec that changes', () => {
  it.each<[string, string, string]>([
    ['H.264 to HEVC, the old way', '1c', 'h265'],
    ['H.264 to HEVC, the new way', '90 68766331', 'h265'],
    ['codec 2', '12', 'sorenson-h263'],
    ['codec 4', '14', 'vp6'],
    ['codec 6', '16', 'screen-2'],
  ])('a switch of codec is seen: %s', (_name, bytes, codec) => {
    expect(readVideoTag(Buffer.concat([hex(bytes), Buffer.alloc(8)])).codec).toBe(codec);
  });
});
