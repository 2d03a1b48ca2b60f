// What holds for every commit, whatever the store: checked before anything is written.
import type { SegmentCommit } from './live-store.ts';
import { assertId, isSegmentName } from './store-names.ts';

/**
 * Checks a commit's own consistency.
 *
 * @throws TypeError, RangeError when the packager made it wrong
 */
export function assertCommit(commit: SegmentCommit): void {
  const { lease, playlist, segments, expectedMediaSequence, retentionMs } = commit;
  assertId('str', lease.streamId);
  if (playlist.streamId !== lease.streamId) throw new TypeError('commit: the lease is on another stream');
  if (playlist.resumePoints.length !== playlist.segments.length)
    throw new RangeError('commit: each listed segment needs its resume point');
  if (expectedMediaSequence !== undefined && expectedMediaSequence > playlist.head.mediaSequence)
    throw new RangeError('commit: the playlist would go back');
  if (!Number.isSafeInteger(retentionMs) || retentionMs <= 0) throw new RangeError('commit: no retention');
  for (const entry of playlist.segments)
    if (!isSegmentName(entry.name)) throw new TypeError('commit: not a segment name');
  const names = new Set(segments.map(({ entry }) => entry.name));
  if (names.size !== segments.length) throw new RangeError('commit: a segment comes twice');
  for (const name of names) if (!isSegmentName(name)) throw new TypeError('commit: not a segment name');
}

/**
 * How long a listed segment outlives its commit at most, in milliseconds, when nobody ever takes it off the list: its time
 * in the list and after it, and what is spared for a stream that nobody packages just now.
 */
export function listedTtlMs(commit: SegmentCommit, spareMs: number): number {
  const listedMs = commit.playlist.segments.reduce((sum, entry) => sum + entry.durationMs, 0);
  // The first segments of a stream see a short list, which will grow to about what is retained.
  return Math.ceil(Math.max(listedMs, commit.retentionMs)) + commit.retentionMs + spareMs;
}
