// What a viewer would record of a stream that nothing happens to: the clip's first pictures, numbered, in segments.
import { resolve } from 'node:path';
import { decodeH264Configuration } from '@millrace/protocol/h264';
import { INITIAL_CONTINUITY, muxSegment } from '@millrace/protocol/mpegts';
import { numberPicture, readClip } from '../numbered-clip.ts';
import type { PlaylistVersion, Recording, SegmentBytes } from '../recording.ts';

const CLIP_FILE = resolve(import.meta.dirname, '../../../media/bbb-h264-aac.flv');
const FIRST_SEGMENT = 1_000;
const PICTURES_IN_SEGMENT = 30;
const SEGMENTS = 5;
const WINDOW = 3;
const AVC_HEADER_BYTES = 5;

export const SAMPLE_PUBLISHED = PICTURES_IN_SEGMENT * SEGMENTS;

export function sampleRecording(): Recording {
  const video = readClip(CLIP_FILE).filter(({ kind }) => kind === 'video');
  const config = decodeH264Configuration(video.find((tag) => tag.isConfiguration)!.body.subarray(AVC_HEADER_BYTES));
  const pictures = video.filter((tag) => !tag.isConfiguration);
  let continuity = INITIAL_CONTINUITY;
  const segments: SegmentBytes[] = [];
  const playlists: PlaylistVersion[] = [];
  for (let i = 0; i < SEGMENTS; i++) {
    const units = Array.from({ length: PICTURES_IN_SEGMENT }, (_, j) => {
      const number = i * PICTURES_IN_SEGMENT + j;
      const tag = pictures[number]!;
      const payload = numberPicture(tag, number).subarray(AVC_HEADER_BYTES);
      return { kind: 'video' as const, dts90k: tag.timestampMs * 90, cto90k: 0, keyframe: tag.isKeyframe, payload };
    });
    const muxed = muxSegment({ video: { codec: 'h264', config }, audio: undefined, continuity }, units);
    continuity = muxed.continuity;
    segments.push({ mediaSequence: FIRST_SEGMENT + i, bytes: muxed.bytes });
    playlists.push({ atMs: i * 1_000, text: playlistUpTo(i) });
  }
  return { playlists, segments };
}

function playlistUpTo(newest: number): string {
  const oldest = Math.max(0, newest - WINDOW + 1);
  const listed = Array.from({ length: newest - oldest + 1 }, (_, i) => FIRST_SEGMENT + oldest + i);
  return [
    '#EXTM3U',
    '#EXT-X-TARGETDURATION:1',
    `#EXT-X-MEDIA-SEQUENCE:${FIRST_SEGMENT + oldest}`,
    ...listed.flatMap((number) => ['#EXTINF:1.000,', `${number}.ts`]),
    '',
  ].join('\n');
}
