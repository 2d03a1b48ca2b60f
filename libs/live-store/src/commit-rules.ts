// What holds for every commit, whatever the store: checked before anything is written.
import { OLDER_CONTAINER } from '@millrace/domain';
import type { PlaylistState, SegmentCommit, StoredSegment } from './live-store.ts';
import { assertId, isContentType, isSegmentName } from './store-names.ts';

/** A file of a commit: what players fetch by this name. */
export interface CommittedFile extends StoredSegment {
  readonly name: string;
}

/** All files of a commit: its segments first. */
export function committedFiles({ segments, maps = [] }: SegmentCommit): readonly CommittedFile[] {
  const files: CommittedFile[] = [];
  for (const { entry, bytes } of segments) {
    const { name, contentType = OLDER_CONTAINER.contentType } = entry;
    files.push({ name, contentType, bytes });
  }
  for (const { map, bytes } of maps) files.push({ ...map, bytes });
  return files;
}

/** The names of all files that a playlist lists. */
export function listedNames({ segments }: Pick<PlaylistState, 'segments'>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name, map } of segments) {
    names.add(name);
    if (map !== undefined) names.add(map.name);
  }
  return names;
}

/**
 * Checks a commit's own consistency.
 *
 * @throws TypeError, RangeError when the packager made it wrong
 */
export function assertCommit(commit: SegmentCommit): void {
  const { lease, playlist, expectedMediaSequence, retentionMs } = commit;
  assertId('str', lease.streamId);
  if (playlist.streamId !== lease.streamId) throw new TypeError('commit: the lease is on another stream');
  if (playlist.resumePoints.length !== playlist.segments.length)
    throw new RangeError('commit: each listed segment needs its resume point');
  if (expectedMediaSequence !== undefined && expectedMediaSequence > playlist.head.mediaSequence)
    throw new RangeError('commit: the playlist would go back');
  if (!Number.isSafeInteger(retentionMs) || retentionMs <= 0) throw new RangeError('commit: no retention');
  for (const name of listedNames(playlist)) if (!isSegmentName(name)) throw new TypeError('commit: not a segment name');
  const files = committedFiles(commit);
  const names = new Set(files.map(({ name }) => name));
  if (names.size !== files.length) throw new RangeError('commit: a file comes twice');
  for (const { name, contentType } of files) {
    if (!isSegmentName(name)) throw new TypeError('commit: not a segment name');
    if (!isContentType(contentType)) throw new TypeError('commit: not a content type');
  }
  for (const { entry } of commit.segments)
    if (entry.map !== undefined && !names.has(entry.map.name))
      throw new RangeError('commit: a segment comes without its initialisation map');
}

/**
 * How long a listed segment outlives its commit at most, in milliseconds, when it is never taken off the list: its time
 * in the list and after it, and a reserve for a stream without a packager.
 */
export function listedTtlMs(commit: SegmentCommit, spareMs: number): number {
  const listedMs = commit.playlist.segments.reduce((sum, entry) => sum + entry.durationMs, 0);
  // The first segments of a stream see a short list, which will grow to about what is retained.
  return Math.ceil(Math.max(listedMs, commit.retentionMs)) + commit.retentionMs + spareMs;
}
