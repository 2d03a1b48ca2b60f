import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { FlvDecoder, readAudioTag, readVideoTag } from '@millrace/protocol/flv';
import { describe, expect, it } from 'vitest';
import { FLV_FORM } from './flv-form.ts';

const frame = (over: Partial<Frame>): Frame => ({
  kind: FrameKind.video,
  codec: Codec.h264,
  flags: 0,
  epoch: 1,
  sequence: 1,
  dts90k: 0,
  compositionOffset90k: 0,
  payload: Uint8Array.of(1, 2, 3),
  ...over,
});
const hex = (over: Partial<Frame>, dts90k: number): string | undefined => {
  const encoded = FLV_FORM.encode(frame(over), dts90k);
  return encoded && Buffer.from(encoded.bytes).toString('hex');
};

// Written by hand from annex E.4: TagType, DataSize, Timestamp and its extension, StreamID; then the tag's own header.
describe.each<[string, Partial<Frame>, number, string]>([
  [
    'the H.264 configuration',
    { flags: FrameFlag.configuration },
    90_000,
    '09000008 0003e800 000000 1700000000 010203 00000013',
  ],
  ['a keyframe', { flags: FrameFlag.keyframe }, 90_000, '09000008 0003e800 000000 1701000000 010203 00000013'],
  ['a recovery point', { flags: FrameFlag.recoveryPoint }, 0, '09000008 00000000 000000 1701000000 010203 00000013'],
  [
    'a picture shown 40 ms later',
    { compositionOffset90k: 3_600 },
    90_000,
    '09000008 0003e800 000000 2701000028 010203 00000013',
  ],
  [
    'a picture shown 1 ms before it is decoded',
    { compositionOffset90k: -90 },
    90_000,
    '09000008 0003e800 000000 2701ffffff 010203 00000013',
  ],
  [
    'the H.265 configuration',
    { codec: Codec.h265, flags: FrameFlag.configuration },
    90_000,
    '09000008 0003e800 000000 9068766331 010203 00000013',
  ],
  [
    'an H.265 keyframe shown 40 ms later',
    { codec: Codec.h265, flags: FrameFlag.keyframe, compositionOffset90k: 3_600 },
    90_000,
    '0900000b 0003e800 000000 9168766331000028 010203 00000016',
  ],
  [
    'the AAC configuration',
    { kind: FrameKind.audio, codec: Codec.aac, flags: FrameFlag.configuration },
    0,
    '08000005 00000000 000000 af00 010203 00000010',
  ],
  ['AAC', { kind: FrameKind.audio, codec: Codec.aac }, 180, '08000005 00000200 000000 af01 010203 00000010'],
  ['MP3', { kind: FrameKind.audio, codec: Codec.mp3 }, 0, '08000004 00000000 000000 2f 010203 0000000f'],
  [
    'the Opus configuration',
    { kind: FrameKind.audio, codec: Codec.opus, flags: FrameFlag.configuration },
    0,
    '08000008 00000000 000000 904f707573 010203 00000013',
  ],
  ['Opus', { kind: FrameKind.audio, codec: Codec.opus }, 0, '08000008 00000000 000000 914f707573 010203 00000013'],
  ['AC-3', { kind: FrameKind.audio, codec: Codec.ac3 }, 0, '08000008 00000000 000000 9161632d33 010203 00000013'],
  ['E-AC-3', { kind: FrameKind.audio, codec: Codec.eac3 }, 0, '08000008 00000000 000000 9165632d33 010203 00000013'],
  [
    'the FLAC configuration',
    { kind: FrameKind.audio, codec: Codec.flac, flags: FrameFlag.configuration },
    0,
    '08000010 00000000 000000 90664c6143 664c6143 80000022 010203 0000001b',
  ],
  ['FLAC', { kind: FrameKind.audio, codec: Codec.flac }, 0, '08000008 00000000 000000 91664c6143 010203 00000013'],
  [
    'the AV1 configuration',
    { codec: Codec.av1, flags: FrameFlag.configuration },
    0,
    '09000008 00000000 000000 9061763031 010203 00000013',
  ],
  [
    'an AV1 keyframe',
    { codec: Codec.av1, flags: FrameFlag.keyframe },
    0,
    '09000008 00000000 000000 9161763031 010203 00000013',
  ],
  [
    'the VP9 configuration',
    { codec: Codec.vp9, flags: FrameFlag.configuration },
    0,
    '0900000c 00000000 000000 9076703039 01000000 010203 00000017',
  ],
  ['a VP9 picture', { codec: Codec.vp9 }, 0, '09000008 00000000 000000 a176703039 010203 00000013'],
  [
    'timed metadata',
    { kind: FrameKind.data, codec: Codec.none, payload: Uint8Array.of(2, 0, 1, 0x78) },
    0,
    '12000004 00000000 000000 02000178 0000000f',
  ],
  // 2^32 ms and 1 s.
  [
    'AAC after 49 days',
    { kind: FrameKind.audio, codec: Codec.aac },
    (2 ** 32 + 1_000) * 90,
    '08000005 0003e800 000000 af01 010203 00000010',
  ],
  [
    'AAC after 25 days',
    { kind: FrameKind.audio, codec: Codec.aac },
    2 ** 31 * 90,
    '08000005 00000080 000000 af01 010203 00000010',
  ],
])('%s', (_, over, dts90k, expected) => {
  it('is a tag', () => {
    expect(hex(over, dts90k)).toBe(expected.replaceAll(' ', ''));
  });

  it('has its payload where it says', () => {
    const { bytes, payloadOffset } = FLV_FORM.encode(frame(over), dts90k)!;
    const { payload } = frame(over);
    expect([...bytes.subarray(payloadOffset, payloadOffset! + payload.length)]).toEqual([...payload]);
  });
});

it('leaves out what FLV has no tag for: end frames, unknown codecs, other data, and what is too large', () => {
  expect(hex({ kind: FrameKind.end, codec: Codec.none }, 0)).toBeUndefined();
  expect(hex({ codec: 99 }, 0)).toBeUndefined();
  for (const codec of [Codec.ac3, Codec.eac3])
    expect(hex({ kind: FrameKind.audio, codec, flags: FrameFlag.configuration }, 0)).toBeUndefined();
  expect(hex({ track: 1 }, 0)).toBeUndefined();
  expect(hex({ kind: FrameKind.data, codec: Codec.none, payload: Uint8Array.of(9) }, 0)).toBeUndefined();
  expect(hex({ payload: new Uint8Array(0xffffff - 12) }, 0)).toBeUndefined();
  expect(hex({ payload: new Uint8Array(0xffffff - 13) }, 0)).toBeDefined();
});

it('keeps the presentation times of pictures apart as they were, wherever milliseconds are rounded', () => {
  // 29.97 frames a second: 3,003 ticks.
  for (let n = 0; n < 1_000; n++) {
    const dts90k = n * 3_003;
    const { bytes } = FLV_FORM.encode(frame({ compositionOffset90k: 6_006 }), dts90k)!;
    const [tag] = new FlvDecoder().push(Buffer.concat([FLV_FORM.head({ hasAudio: false, hasVideo: true }), bytes]));
    const shownMs = tag!.timestampMs + readVideoTag(tag!.data).compositionTimeMs;
    expect(shownMs).toBe(Math.floor((dts90k + 6_006) / 90));
  }
});

it.each([
  [{ hasVideo: true, hasAudio: true }, 5],
  [{ hasVideo: true, hasAudio: false }, 1],
  [{ hasVideo: false, hasAudio: true }, 4],
])('begins with a header that announces %j', (tracks, flags) => {
  expect(Buffer.from(FLV_FORM.head(tracks)).toString('hex')).toBe(`464c5601${`0${flags}`}0000000900000000`);
});

it('is read back by the FLV reader', () => {
  const sound = FLV_FORM.encode(frame({ kind: FrameKind.audio, codec: Codec.mp3 }), 0)!;
  const [tag] = new FlvDecoder().push(Buffer.concat([FLV_FORM.head({ hasAudio: true, hasVideo: false }), sound.bytes]));
  expect(readAudioTag(tag!.data)).toMatchObject({ codec: 'mp3', dataOffset: 1 });
});
