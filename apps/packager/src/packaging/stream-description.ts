// What the multivariant playlist says of a stream (RFC 8216 section 4.3.4.2).
import { FrameKind } from '@millrace/domain';
import type { SegmentEntry, StreamDescription } from '@millrace/live-store';
import { codecStringOf, describeTrack, findTrack } from '@millrace/media';
import type { Track, TrackDescription } from '@millrace/media';
import type { FinishedSegment } from './finished-segment.ts';

/** Describes the stream as of its newest segment; rates are those of all listed ones. */
export function describeStream(newest: FinishedSegment, listed: readonly SegmentEntry[]): StreamDescription {
  const { tracks, carried } = newest;
  const video = findTrack(tracks, FrameKind.video);
  const picture = video && descriptionOf(video);
  const measuredRate = (newest.videoFrames * 1_000) / newest.durationMs;
  return {
    codecs: tracks.map(codecStringOf),
    ...(carried.length < tracks.length && { segmentCodecs: carried.map(codecStringOf) }),
    width: picture?.width,
    height: picture?.height,
    frameRate: picture === undefined ? undefined : roundRate(picture.frameRate ?? measuredRate),
    ...(picture?.videoRange && { videoRange: picture.videoRange }),
    captions: newest.captions,
    ...bitratesOf(listed, newest.after.targetDurationSeconds),
  };
}

/** Read once per configuration: it is asked for at every segment. */
const descriptions = new WeakMap<Track, TrackDescription>();

function descriptionOf(track: Track): TrackDescription {
  const known = descriptions.get(track);
  if (known !== undefined) return known;
  const description = describeTrack(track);
  descriptions.set(track, description);
  return description;
}

const roundRate = (framesPerSecond: number): number => Math.round(framesPerSecond * 1_000) / 1_000;

/**
 * "The largest bit rate of any contiguous set of segments whose total duration is between 0.5 and 1.5 times the target
 * duration" (RFC 8216 section 4.1): of single ones here, which is never less. Stubs shorter than that do not count.
 */
function bitratesOf(
  listed: readonly SegmentEntry[],
  targetDurationSeconds: number,
): { peakBitsPerSecond: number; averageBitsPerSecond: number } {
  let peak = 0;
  let bytes = 0;
  let durationMs = 0;
  for (const entry of listed) {
    const { mediaBytes = entry.bytes } = entry;
    if (entry.durationMs >= targetDurationSeconds * 500) peak = Math.max(peak, (mediaBytes * 8_000) / entry.durationMs);
    bytes += mediaBytes;
    durationMs += entry.durationMs;
  }
  const average = durationMs === 0 ? 0 : (bytes * 8_000) / durationMs;
  return { peakBitsPerSecond: Math.ceil(Math.max(peak, average)), averageBitsPerSecond: Math.ceil(average) };
}
