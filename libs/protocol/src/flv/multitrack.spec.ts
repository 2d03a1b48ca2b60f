import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  audioTagOfTrack,
  encodeAudioTracks,
  encodeVideoTracks,
  fourCcOf,
  MultitrackType,
  readAudioTag,
  readTracks,
  readVideoTag,
  VideoFrameType,
  VideoPacketType,
  videoTagOfTrack,
} from './index.ts';

const av1 = fourCcOf('av01');
const h265 = fourCcOf('hvc1');

describe('multitrack message', () => {
  it.each<[string, string, MultitrackType, object[]]>([
    [
      'one video track',
      '96 01 61763031 05 aabb',
      MultitrackType.oneTrack,
      [{ trackId: 5, fourCc: av1, body: hex('aabb') }],
    ],
    [
      'two video tracks of one codec',
      '96 11 61763031 00 000002 aabb 01 000001 cc',
      MultitrackType.manyTracks,
      [
        { trackId: 0, fourCc: av1, body: hex('aabb') },
        { trackId: 1, fourCc: av1, body: hex('cc') },
      ],
    ],
    [
      'two video tracks of two codecs, the second with its composition time',
      '96 21 61763031 00 000001 aa 68766331 01 000004 00002acc',
      MultitrackType.manyTracksManyCodecs,
      [
        { trackId: 0, fourCc: av1, body: hex('aa') },
        { trackId: 1, fourCc: h265, body: hex('00002acc') },
      ],
    ],
    [
      'a track without bytes',
      '96 11 61763031 09 000000',
      MultitrackType.manyTracks,
      [{ trackId: 9, fourCc: av1, body: hex('') }],
    ],
  ])('with %s', (_name, bytes, type, tracks) => {
    const tag = readVideoTag(hex(bytes));
    expect(tag).toMatchObject({ multitrack: type, packetType: 1, compositionTimeMs: 0 });
    expect(readTracks(hex(bytes), tag)).toEqual(tracks);
  });

  it('with two audio tracks, behind nanoseconds', () => {
    const bytes = hex('97 02 000007 05 11 4f707573 00 000001 aa 01 000001 bb');
    const tag = readAudioTag(bytes);
    expect(tag).toMatchObject({ codec: 'opus', nanoOffset: 7, packetType: 1, multitrack: MultitrackType.manyTracks });
    expect(readTracks(bytes, tag).map((track) => track.trackId)).toEqual([0, 1]);
  });

  it('is written as it is read', () => {
    for (const bytes of [
      '96 01 61763031 05 aabb',
      '96 11 61763031 00 000002 aabb 01 000001 cc',
      '96 21 61763031 00 000001 aa 68766331 01 000004 00002acc',
      '97 02 000007 06 21 68766331 03 000000',
    ].map(hex)) {
      const tag = readVideoTag(bytes);
      const tracks = readTracks(bytes, tag);
      expect(encodeVideoTracks({ ...tag, type: tag.multitrack! }, tracks)).toEqual(bytes);
    }
    for (const bytes of ['95 11 4f707573 00 000001 aa 01 000001 bb', '97 02 000007 05 01 4f707573 09 aa'].map(hex)) {
      const tag = readAudioTag(bytes);
      expect(encodeAudioTracks({ ...tag, type: tag.multitrack! }, readTracks(bytes, tag))).toEqual(bytes);
    }
    const one = { trackId: 0, fourCc: av1, body: hex('') };
    const header = { frameType: VideoFrameType.inter, packetType: VideoPacketType.codedFrames, nanoOffset: 0 };
    for (const tracks of [[], [one, { ...one, trackId: 1 }]])
      expect(() => encodeVideoTracks({ ...header, type: MultitrackType.oneTrack }, tracks)).toThrow(RangeError);
  });

  it('gives each track as if it had come alone', () => {
    const bytes = hex('a6 21 61763031 00 000001 aa 68766331 01 000004 ffffffcc 58585858 02 000000');
    const tag = readVideoTag(bytes);
    const [first, second, third] = readTracks(bytes, tag);
    const single = { frameType: 2, packetType: 1, multitrack: undefined };
    expect(videoTagOfTrack(tag, first!)).toMatchObject({ ...single, codec: 'av1', dataOffset: 0 });
    expect(videoTagOfTrack(tag, second!)).toMatchObject({
      ...single,
      codec: 'h265',
      compositionTimeMs: -1,
      dataOffset: 3,
    });
    expect(videoTagOfTrack(tag, third!)).toMatchObject({ ...single, codec: 'unknown' });
    expect(faultOf(() => videoTagOfTrack(tag, { ...second!, body: hex('0000') }))).toBe('ended-early');
    const sound = hex('95 01 4f707573 03 aa');
    const heard = readAudioTag(sound);
    expect(audioTagOfTrack(heard, readTracks(sound, heard)[0]!)).toMatchObject({ codec: 'opus', dataOffset: 0 });
  });

  it.each<[string, string, string]>([
    ['the same track twice', '96 11 61763031 00 000000 00 000000', 'flv.multitrack.repeated'],
    ['a track longer than the message', '96 11 61763031 00 000002 aa', 'ended-early'],
    ['no track', '96 11 61763031', 'ended-early'],
    ['a codec without a track', '96 21 61763031', 'ended-early'],
  ])('with %s is refused', (_name, bytes, code) => {
    expect(faultOf(() => readTracks(hex(bytes), readVideoTag(hex(bytes))))).toBe(code);
  });

  it.each<[string, typeof readVideoTag | typeof readAudioTag, string, string | undefined]>([
    [
      'a multitrack message in a multitrack message of video',
      readVideoTag,
      '96 16 61763031 00',
      'flv.multitrack.nested',
    ],
    ['a ModEx packet in a multitrack message of video', readVideoTag, '96 17 61763031 00', 'flv.multitrack.nested'],
    [
      'a multitrack message in a multitrack message of audio',
      readAudioTag,
      '95 15 4f707573 00',
      'flv.multitrack.nested',
    ],
    ['a ModEx packet in a multitrack message of audio', readAudioTag, '95 17 4f707573 00', 'flv.multitrack.nested'],
    ['a type of multitrack message that is reserved', readVideoTag, '96 31 61763031 00', 'flv.multitrack.type'],
    // 5 and 6 mean something else in the other kind of message.
    ['an MPEG-2 TS sequence start of video tracks', readVideoTag, '96 15 61763031 00', undefined],
    ['a packet type of audio tracks that is reserved', readAudioTag, '95 16 4f707573 00', undefined],
  ])('%s: %#', (_name, read, bytes, code) => {
    expect(faultOf(() => read(hex(bytes)))).toBe(code);
  });

  it('every truncation is refused, but for cuts between tracks', () => {
    const whole = hex('96 11 61763031 00 000002 aabb 01 000001 cc');
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      expect(faultOf(() => readTracks(cut, readVideoTag(cut)))).toBe(length === 12 ? undefined : 'ended-early');
    }
  });

  it('is told from others', () => {
    const bytes = hex('91 61763031 aa');
    expect(() => readTracks(bytes, readVideoTag(bytes))).toThrow(RangeError);
  });
});
