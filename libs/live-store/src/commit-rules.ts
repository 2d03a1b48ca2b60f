// What holds for every commit, whatever the store: checked before anything is written.
import { OLDER_CONTAINER } from '@millrace/domain';
import type { LowLatencyWindow, PartCommit, PlaylistState, SegmentCommit, StoredSegment } from './live-store.ts';
import { renditionValues } from './part-names.ts';
import { assertId, isContentType, isSegmentName } from './store-names.ts';

/** A file of a commit: what players fetch by this name. */
export interface CommittedFile extends StoredSegment {
  readonly name: string;
}

/** All files of a commit. */
export function committedFiles({ segments, maps = [], files: more = [] }: SegmentCommit): readonly CommittedFile[] {
  const files: CommittedFile[] = [...more];
  for (const { entry, bytes } of segments) {
    const { name, contentType = OLDER_CONTAINER.contentType } = entry;
    files.push({ name, contentType, bytes });
  }
  for (const { map, bytes } of maps) files.push({ ...map, bytes });
  return files;
}

/** The names of all files that a playlist lists. */
export function listedNames({
  segments,
  lowLatency,
}: Pick<PlaylistState, 'segments' | 'lowLatency'>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name, map } of segments) {
    names.add(name);
    if (map !== undefined) names.add(map.name);
  }
  if (lowLatency !== undefined) addRenditionNames(lowLatency.window, names);
  return names;
}

function addRenditionNames({ entries, open }: LowLatencyWindow, names: Set<string>): void {
  for (const { renditions } of entries) for (const { name } of renditionValues(renditions)) names.add(name);
  for (const { renditions } of [...entries, open]) {
    for (const { map, parts } of renditionValues(renditions)) {
      names.add(map.name);
      for (const { name } of parts) names.add(name);
    }
  }
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
  const names = assertFiles(committedFiles(commit));
  for (const { entry } of commit.segments)
    if (entry.map !== undefined && !names.has(entry.map.name))
      throw new RangeError('commit: a segment comes without its initialisation map');
}

/** @throws TypeError, RangeError when the packager made it wrong */
export function assertPartCommit({ lease, files, expectedMediaSequence, lowLatency, retentionMs }: PartCommit): void {
  assertId('str', lease.streamId);
  assertFiles(files);
  for (const { nextMediaSequence } of renditionValues(lowLatency.playlists))
    if (nextMediaSequence !== expectedMediaSequence) throw new RangeError('commit: parts are of another segment');
  if (!Number.isSafeInteger(retentionMs) || retentionMs <= 0) throw new RangeError('commit: no retention');
}

/** @returns their names */
function assertFiles(files: readonly CommittedFile[]): ReadonlySet<string> {
  const names = new Set(files.map(({ name }) => name));
  if (names.size !== files.length) throw new RangeError('commit: a file comes twice');
  for (const { name, contentType } of files) {
    if (!isSegmentName(name)) throw new TypeError('commit: not a segment name');
    if (!isContentType(contentType)) throw new TypeError('commit: not a content type');
  }
  return names;
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

/** The same for a part: it leaves the list sooner than its segment does. */
export const listedPartTtlMs = ({ retentionMs }: PartCommit, spareMs: number): number => 2 * retentionMs + spareMs;
