// What the multivariant playlist says of a stream (RFC 8216 section 4.3.4.2).
import { FrameKind } from '@millrace/domain';
import type { AudioTrackName } from '@millrace/domain';
import type { StreamDescription } from '@millrace/live-store';
import { codecStringOf, findTrack } from '@millrace/media';
import type { FinishedSegment } from './finished-segment.ts';
import type { PlaylistWindow } from './playlist-window.ts';
import { bitratesOf, describeRenditions, descriptionOf, roundRate } from './rendition-descriptions.ts';

/**
 * Describes the stream as of its newest segment; rates are those of all listed ones.
 * @param named what the tenant calls its tracks of sound
 * @param last what was said of it before: a segment that is closed with what is left of it does not know its tracks
 */
export function describeStream(
  newest: FinishedSegment,
  { entries, lowLatency }: DescribedWindow,
  last?: StreamDescription,
  named?: readonly AudioTrackName[],
): StreamDescription {
  const { tracks, carried } = newest;
  const video = findTrack(tracks, FrameKind.video);
  const picture = video && descriptionOf(video);
  const measuredRate = (newest.videoFrames * 1_000) / newest.durationMs;
  const { targetDurationSeconds } = newest.after;
  const renditions = lowLatency && { renditions: describeRenditions(lowLatency, targetDurationSeconds, named) };
  if (tracks.length === 0 && last !== undefined)
    return { ...last, ...bitratesOf(entries, targetDurationSeconds), ...renditions };
  return {
    codecs: tracks.map(codecStringOf),
    ...(carried.length < tracks.length && { segmentCodecs: carried.map(codecStringOf) }),
    width: picture?.width,
    height: picture?.height,
    frameRate: picture === undefined ? undefined : roundRate(picture.frameRate ?? measuredRate),
    ...(picture?.videoRange && { videoRange: picture.videoRange }),
    captions: newest.captions,
    ...bitratesOf(entries, targetDurationSeconds),
    ...renditions,
  };
}

type DescribedWindow = Pick<PlaylistWindow, 'entries' | 'lowLatency'>;
