// draft-pantos-hls-rfc8216bis sections 4.4.3.7, 4.4.3.8, 4.4.4.9 and appendix B.1: what must hold for a playlist with parts.
import type { MediaPlaylist } from './media-playlist.ts';
import type { PartialSegment } from './low-latency.ts';

/** Durations are written with as many places. */
const ROUNDING_S = 0.000_01;
/** "The duration of each Partial Segment MUST be at least 85% of the Part Target Duration", but for the last of a segment. */
const LEAST_OF_TARGET = 0.85;
/** The parts of a segment and its EXTINF may disagree by this. */
const SUM_TOLERANCE_S = 0.002;

export type LowLatencyRule =
  | 'server-control-missing'
  | 'hold-back-too-short'
  | 'part-hold-back-too-short'
  | 'can-skip-until-too-short'
  | 'part-above-target'
  | 'part-below-target'
  | 'parts-differ-from-segment'
  | 'part-listed-twice'
  | 'part-changed'
  | 'part-vanished'
  | 'part-target-changed'
  | 'hint-is-listed'
  | 'hint-missing'
  | 'hint-not-kept';

export interface LowLatencyViolation {
  readonly rule: LowLatencyRule;
  readonly detail: string;
}

type Report = (rule: LowLatencyRule, detail: string) => void;

/**
 * Checks a playlist with parts, and how it follows the one loaded before it.
 * @param previous what the same client loaded last; undefined for the first load
 */
export function checkLowLatency(previous: MediaPlaylist | undefined, next: MediaPlaylist): LowLatencyViolation[] {
  const violations: LowLatencyViolation[] = [];
  const report: Report = (rule, detail) => violations.push({ rule, detail });
  checkServerControl(next, report);
  checkParts(next, report);
  checkHint(next, report);
  if (previous !== undefined) checkChange(previous, next, report);
  return violations;
}

function checkServerControl({ serverControl, partTarget = 0, targetDuration }: MediaPlaylist, report: Report): void {
  if (serverControl?.canBlockReload !== true || serverControl.partHoldBack === undefined)
    return report('server-control-missing', 'no blocking reload, or no PART-HOLD-BACK');
  const { holdBack, partHoldBack, canSkipUntil } = serverControl;
  // "MUST be at least twice the Part Target Duration and SHOULD be at least three times" (section 4.4.3.8).
  if (partHoldBack < 3 * partTarget)
    report('part-hold-back-too-short', `${partHoldBack} s, part target ${partTarget} s`);
  if (holdBack !== undefined && holdBack < 3 * targetDuration)
    report('hold-back-too-short', `${holdBack} s, target ${targetDuration} s`);
  if (canSkipUntil !== undefined && canSkipUntil < 6 * targetDuration)
    report('can-skip-until-too-short', `${canSkipUntil} s, target ${targetDuration} s`);
}

/** Each list of parts, with the number of its segment. */
function partsBySegment({
  mediaSequence,
  segments,
  skip,
  open,
}: MediaPlaylist): Map<number, readonly PartialSegment[]> {
  const first = mediaSequence + (skip?.skippedSegments ?? 0);
  const lists = new Map<number, readonly PartialSegment[]>();
  for (const [index, { parts }] of segments.entries()) if (parts !== undefined) lists.set(first + index, parts);
  if (open !== undefined) lists.set(first + segments.length, open.parts);
  return lists;
}

function checkParts(playlist: MediaPlaylist, report: Report): void {
  const { partTarget = 0, segments, mediaSequence, skip } = playlist;
  const first = mediaSequence + (skip?.skippedSegments ?? 0);
  const seen = new Set<string>();
  for (const [number, parts] of partsBySegment(playlist)) {
    const segment = segments[number - first];
    for (const [index, { duration, gap, uri }] of parts.entries()) {
      const what = `part ${index} of segment ${number}: ${duration} s, part target ${partTarget} s`;
      if (duration > partTarget + ROUNDING_S) report('part-above-target', what);
      const isLast = segment !== undefined && index === parts.length - 1;
      if (duration < partTarget * LEAST_OF_TARGET && !isLast && gap !== true) report('part-below-target', what);
      if (seen.has(uri)) report('part-listed-twice', uri);
      seen.add(uri);
    }
    const sum = parts.reduce((total, { duration }) => total + duration, 0);
    if (segment !== undefined && Math.abs(sum - segment.duration) > SUM_TOLERANCE_S)
      report('parts-differ-from-segment', `segment ${number}: ${segment.duration} s, its parts ${sum.toFixed(3)} s`);
  }
}

function checkHint(playlist: MediaPlaylist, report: Report): void {
  const hint = playlist.preloadHints?.find(({ type }) => type === 'PART');
  if (hint === undefined) {
    if (!playlist.endList) report('hint-missing', 'no part is hinted');
    return;
  }
  for (const parts of partsBySegment(playlist).values())
    if (parts.some(({ uri }) => uri === hint.uri)) report('hint-is-listed', hint.uri);
}

function checkChange(previous: MediaPlaylist, next: MediaPlaylist, report: Report): void {
  if (previous.partTarget !== next.partTarget)
    report('part-target-changed', `${previous.partTarget ?? 0} to ${next.partTarget ?? 0}`);
  const lists = partsBySegment(next);
  for (const [number, parts] of partsBySegment(previous)) {
    const now = lists.get(number);
    // Parts of older segments are taken off the list.
    if (now === undefined) {
      if (number >= next.mediaSequence + (next.skip?.skippedSegments ?? 0) + next.segments.length)
        report('part-vanished', `segment ${number}`);
      continue;
    }
    for (const [index, part] of parts.entries()) {
      const same = now[index];
      if (same === undefined) report('part-vanished', `part ${index} of segment ${number}`);
      else if (same.uri !== part.uri || same.duration !== part.duration || same.independent !== part.independent)
        report('part-changed', `part ${index} of segment ${number}`);
    }
  }
  const hint = previous.preloadHints?.find(({ type }) => type === 'PART');
  const listed = [...lists.values()].flatMap((parts) => parts.map(({ uri }) => uri));
  const hinted = next.preloadHints?.some(({ uri }) => uri === hint?.uri) === true;
  const lastOf = [...partsBySegment(previous).keys()].at(-1) ?? Infinity;
  // One that has been taken off the list meanwhile was kept.
  if (
    hint !== undefined &&
    !hinted &&
    !next.endList &&
    !listed.includes(hint.uri) &&
    (lists.has(lastOf) || lists.has(lastOf + 1))
  )
    report('hint-not-kept', hint.uri);
}
