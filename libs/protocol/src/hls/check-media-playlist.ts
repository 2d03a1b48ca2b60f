// RFC 8216 sections 4.3.3, 6.2.1 and 6.2.2: what must hold for a live playlist from one load to the next.
import type { MediaPlaylist, MediaSegment } from './media-playlist.ts';
import { requiredVersion } from './media-playlist.ts';

/** Dates of neighbouring segments may disagree with EXTINF by this before it counts, in milliseconds. */
const DATE_TOLERANCE_MS = 100;
/** "less than three times the Target Duration" (section 6.2.2). */
const MIN_TARGET_DURATIONS = 3;

export type PlaylistRule =
  | 'extinf-above-target'
  | 'version-too-low'
  | 'uri-repeated'
  | 'date-time-off'
  | 'target-duration-changed'
  | 'media-sequence-decreased'
  | 'segments-vanished'
  | 'no-overlap'
  | 'segment-changed'
  | 'discontinuity-number-changed'
  | 'discontinuity-sequence-decreased'
  | 'window-too-short'
  | 'changed-after-end'
  | 'type-changed'
  | 'event-segment-removed';

export interface PlaylistViolation {
  readonly rule: PlaylistRule;
  readonly detail: string;
}

type Report = (rule: PlaylistRule, detail: string) => void;

/**
 * Checks a playlist and how it follows the one loaded before it.
 * @param previous what the same client loaded last; undefined for the first load
 * @returns every violation; an empty list means that all rules hold
 */
export function checkMediaPlaylist(previous: MediaPlaylist | undefined, next: MediaPlaylist): PlaylistViolation[] {
  const violations: PlaylistViolation[] = [];
  const report: Report = (rule, detail) => violations.push({ rule, detail });
  checkAlone(next, report);
  if (previous === undefined) return violations;
  checkPlaylistTags(previous, next, report);
  checkWindow(previous, next, report);
  checkCommonSegments(previous, next, report);
  return violations;
}

function checkAlone(playlist: MediaPlaylist, report: Report): void {
  const needed = requiredVersion(playlist);
  if (playlist.version < needed) report('version-too-low', `version ${playlist.version}, needs ${needed}`);
  const seen = new Set<string>();
  for (const [index, segment] of playlist.segments.entries()) {
    const number = playlist.mediaSequence + index;
    // "The EXTINF duration ..., when rounded to the nearest integer, MUST be less than or equal to the target duration".
    if (Math.round(segment.duration) > playlist.targetDuration) {
      report('extinf-above-target', `segment ${number}: ${segment.duration} s, target ${playlist.targetDuration} s`);
    }
    if (segment.byteRange === undefined && seen.has(segment.uri)) report('uri-repeated', `segment ${number}`);
    seen.add(segment.uri);
    const before = playlist.segments[index - 1];
    if (before !== undefined) checkDates(before, segment, number, report);
  }
}

function checkDates(before: MediaSegment, segment: MediaSegment, number: number, report: Report): void {
  if (before.programDateTimeMs === undefined || segment.programDateTimeMs === undefined) return;
  const off = segment.programDateTimeMs - (before.programDateTimeMs + before.duration * 1000);
  // After a discontinuity time may jump, but not back.
  if (segment.discontinuity ? off < -DATE_TOLERANCE_MS : Math.abs(off) > DATE_TOLERANCE_MS) {
    report('date-time-off', `segment ${number} by ${Math.round(off)} ms`);
  }
}

function checkPlaylistTags(previous: MediaPlaylist, next: MediaPlaylist, report: Report): void {
  if (next.targetDuration !== previous.targetDuration) {
    report('target-duration-changed', `${previous.targetDuration} to ${next.targetDuration}`);
  }
  if (next.playlistType !== previous.playlistType) {
    report('type-changed', `${previous.playlistType ?? 'none'} to ${next.playlistType ?? 'none'}`);
  }
  if (next.mediaSequence < previous.mediaSequence) {
    report('media-sequence-decreased', `${previous.mediaSequence} to ${next.mediaSequence}`);
  }
  if (next.discontinuitySequence < previous.discontinuitySequence) {
    report('discontinuity-sequence-decreased', `${previous.discontinuitySequence} to ${next.discontinuitySequence}`);
  }
}

const endOf = (playlist: MediaPlaylist): number => playlist.mediaSequence + playlist.segments.length;

function checkWindow(previous: MediaPlaylist, next: MediaPlaylist, report: Report): void {
  const end = endOf(next);
  if (end < endOf(previous)) report('segments-vanished', `the list ended at ${endOf(previous)}, now at ${end}`);
  if (next.mediaSequence > endOf(previous)) {
    report('no-overlap', `the list ended at ${endOf(previous)}, now starts at ${next.mediaSequence}`);
  }
  // "An EXT-X-ENDLIST tag ... indicates that no more Media Segments will be added".
  if (previous.endList && (!next.endList || end !== endOf(previous))) {
    report('changed-after-end', `ended at ${endOf(previous)}, now ${end}${next.endList ? '' : ' and open'}`);
  }
  if (next.mediaSequence <= previous.mediaSequence) return;
  if (previous.playlistType !== undefined) report('event-segment-removed', `up to ${next.mediaSequence}`);
  const seconds = next.segments.reduce((sum, segment) => sum + segment.duration, 0);
  if (!next.endList && seconds < MIN_TARGET_DURATIONS * next.targetDuration) {
    report('window-too-short', `${seconds.toFixed(3)} s after a removal, target ${next.targetDuration} s`);
  }
}

/** Segments by media sequence number, with their discontinuity sequence numbers (section 6.2.1). */
function numbered(playlist: MediaPlaylist): Map<number, { segment: MediaSegment; discontinuityNumber: number }> {
  let discontinuityNumber = playlist.discontinuitySequence;
  return new Map(
    playlist.segments.map((segment, index) => {
      if (segment.discontinuity) discontinuityNumber++;
      return [playlist.mediaSequence + index, { segment, discontinuityNumber }];
    }),
  );
}

function checkCommonSegments(previous: MediaPlaylist, next: MediaPlaylist, report: Report): void {
  const before = numbered(previous);
  for (const [number, { segment, discontinuityNumber }] of numbered(next)) {
    const known = before.get(number);
    if (known === undefined) continue;
    const changed = changedField(known.segment, segment);
    if (changed !== undefined) report('segment-changed', `segment ${number}: ${changed}`);
    if (known.discontinuityNumber !== discontinuityNumber) {
      report(
        'discontinuity-number-changed',
        `segment ${number}: ${known.discontinuityNumber} to ${discontinuityNumber}`,
      );
    }
  }
}

function changedField(before: MediaSegment, after: MediaSegment): string | undefined {
  if (before.uri !== after.uri) return `URI ${JSON.stringify(before.uri)} to ${JSON.stringify(after.uri)}`;
  if (before.duration !== after.duration) return `duration ${before.duration} to ${after.duration}`;
  if (before.discontinuity !== after.discontinuity)
    return `discontinuity ${before.discontinuity} to ${after.discontinuity}`;
  if (before.programDateTimeMs !== after.programDateTimeMs) return 'program date and time';
  if (before.byteRange?.length !== after.byteRange?.length || before.byteRange?.offset !== after.byteRange?.offset) {
    return 'byte range';
  }
  return undefined;
}
