// draft-pantos-hls-rfc8216bis sections 4.4.3.7, 4.4.3.8, 4.4.4.9, 4.4.5.2 to 4.4.5.4 and appendix B.1: what must hold for a playlist
// with parts, for a delta update of it, and for what it reports of other renditions.
import { isDeepStrictEqual } from 'node:util';
import type { PartialSegment } from './low-latency.ts';
import type { InitializationSection, MediaPlaylist, MediaSegment } from './media-playlist.ts';

/** Durations are written with as many places. */
const ROUNDING_S = 0.000_01;
/** "The duration of each Partial Segment MUST be at least 85% of the Part Target Duration", but for the last of a segment. */
const LEAST_OF_TARGET = 0.85;
/** The parts of a segment and its EXTINF may disagree by this. */
const SUM_TOLERANCE_S = 0.002;
/** Parts "SHOULD be removed ... after they are greater than three Target Durations from the end of the Playlist". */
const PARTS_TARGETS = 3;
/** Dates of the open segment and of the one before it may disagree with EXTINF by this, as those of whole segments may. */
const DATE_TOLERANCE_MS = 100;

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
  | 'part-not-independent'
  | 'parts-missing'
  | 'parts-too-old'
  | 'date-missing'
  | 'open-date-off'
  | 'map-missing'
  | 'hint-after-end'
  | 'hint-is-listed'
  | 'hint-missing'
  | 'hint-not-kept'
  | 'skip-not-offered'
  | 'skip-too-much'
  | 'skip-unknown'
  | 'delta-differs'
  | 'report-missing'
  | 'report-wrong';

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
  checkPlaces(next, report);
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
    if (playlist.independentSegments && parts[0]?.independent === false && parts[0].gap !== true)
      report('part-not-independent', `segment ${number} begins with ${parts[0].uri}`);
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

/** Where parts, dates and maps have to be. */
function checkPlaces(playlist: MediaPlaylist, report: Report): void {
  const { segments, open, mediaSequence, skip, targetDuration, endList } = playlist;
  const first = mediaSequence + (skip?.skippedSegments ?? 0);
  const dated = [...segments, ...(open === undefined ? [] : [open])];
  if (!dated.some(({ programDateTimeMs }) => programDateTimeMs !== undefined)) report('date-missing', 'no date at all');
  const media = dated.findIndex((segment) => !('gap' in segment) || segment.gap !== true);
  if (media >= 0 && !dated.slice(0, media + 1).some(({ map }) => map !== undefined))
    report('map-missing', 'no map before the first segment');
  const last = segments.at(-1);
  if (last?.programDateTimeMs !== undefined && open?.programDateTimeMs !== undefined) {
    const off = open.programDateTimeMs - last.programDateTimeMs - last.duration * 1_000;
    if (open.discontinuity ? off < -DATE_TOLERANCE_MS : Math.abs(off) > DATE_TOLERANCE_MS)
      report('open-date-off', `by ${Math.round(off)} ms`);
  }
  let behind = (open?.parts ?? []).reduce((sum, { duration }) => sum + duration, 0);
  for (let index = segments.length - 1; index >= 0; index--) {
    const { parts, gap, duration } = segments[index]!;
    const hasParts = parts !== undefined && parts.length > 0;
    const what = `segment ${first + index}, ${behind.toFixed(3)} s from the end, target ${targetDuration} s`;
    // They may go when the next segment is whole, which may be half a second longer than the target.
    if (hasParts && behind > (PARTS_TARGETS + 1) * targetDuration + 0.5) report('parts-too-old', what);
    if (!hasParts && gap !== true && !endList && behind + duration < PARTS_TARGETS * targetDuration)
      report('parts-missing', what);
    behind += duration;
  }
}

function checkHint(playlist: MediaPlaylist, report: Report): void {
  const hint = playlist.preloadHints?.find(({ type }) => type === 'PART');
  if (playlist.endList && playlist.preloadHints !== undefined) report('hint-after-end', 'nothing will follow');
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
  // One that has been taken off the list meanwhile, with its segment, was kept. It is of the open segment, or of the one that follows on a whole one.
  const isOfOpen = (previous.open?.parts.length ?? 0) > 0;
  const mayBeListed = lists.has(lastOf) || (!isOfOpen && lists.has(lastOf + 1));
  if (hint !== undefined && !hinted && !next.endList && !listed.includes(hint.uri) && mayBeListed)
    report('hint-not-kept', hint.uri);
}

/**
 * What a player makes of a delta update with the playlist that it has (section 6.3.7).
 * @returns undefined when it lacks segments that are left out
 */
export function applyDelta(previous: MediaPlaylist, delta: MediaPlaylist): MediaPlaylist | undefined {
  const { skip, ...rest } = delta;
  if (skip === undefined) return delta;
  const from = delta.mediaSequence - previous.mediaSequence;
  const skipped = withMaps(previous).slice(from, from + skip.skippedSegments);
  if (from < 0 || skipped.length < skip.skippedSegments) return undefined;
  // Parts of what is left out are not listed any more.
  const known = skipped.map(({ parts: _parts, ...segment }): MediaSegment => segment);
  return withoutRepeatedMaps({ ...rest, segments: [...known, ...delta.segments] });
}

/**
 * Checks a delta update against the playlist that it is applied to, and the whole playlist as it is at the same time.
 * @param whole undefined where that is not known
 */
export function checkDelta(
  previous: MediaPlaylist,
  delta: MediaPlaylist,
  whole: MediaPlaylist | undefined,
): LowLatencyViolation[] {
  const violations: LowLatencyViolation[] = [];
  const report: Report = (rule, detail) => violations.push({ rule, detail });
  const { skip, serverControl, segments, open } = delta;
  if (skip === undefined) return violations;
  const boundary = serverControl?.canSkipUntil;
  if (boundary === undefined) report('skip-not-offered', 'no CAN-SKIP-UNTIL');
  const left = [...segments, ...(open?.parts ?? [])].reduce((sum, { duration }) => sum + duration, 0);
  if (boundary !== undefined && left < boundary - ROUNDING_S)
    report('skip-too-much', `${left.toFixed(3)} s are left, the boundary is at ${boundary} s`);
  const applied = applyDelta(previous, delta);
  if (applied === undefined) {
    report(
      'skip-unknown',
      `${skip.skippedSegments} from ${delta.mediaSequence}, the list began at ${previous.mediaSequence}`,
    );
    return violations;
  }
  if (whole === undefined) return violations;
  const different = differenceOf(applied, withoutRepeatedMaps(whole));
  if (different !== undefined) report('delta-differs', different);
  return violations;
}

/** What two playlists of the same state disagree in; a delta update may need a higher version. */
function differenceOf(a: MediaPlaylist, b: MediaPlaylist): string | undefined {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])] as (keyof MediaPlaylist)[];
  return names.find((name) => name !== 'version' && name !== 'skip' && !isDeepStrictEqual(a[name], b[name]));
}

/** Every segment with the map in force. */
function withMaps({ segments }: MediaPlaylist): MediaSegment[] {
  let map: InitializationSection | undefined;
  return segments.map((segment) => ({ ...segment, map: (map = segment.map ?? map) }));
}

/** The map only where it changes, and undefined fields left out: as parsing the whole playlist gives it. */
function withoutRepeatedMaps(playlist: MediaPlaylist): MediaPlaylist {
  let last: string | undefined;
  const changed = (map: InitializationSection | undefined): InitializationSection | undefined => {
    const key = map && JSON.stringify(map);
    if (key === undefined || key === last) return undefined;
    last = key;
    return map;
  };
  const segments = playlist.segments.map((segment) => ({ ...segment, map: changed(segment.map) }));
  const open = playlist.open && { ...playlist.open, map: changed(playlist.open.map) };
  return { ...playlist, segments, open };
}

/**
 * Checks what each playlist reports of the others (section 4.4.5.4).
 * @param playlists of all renditions by their URIs, as they are at the same time
 */
export function checkRenditionReports(playlists: ReadonlyMap<string, MediaPlaylist>): LowLatencyViolation[] {
  const violations: LowLatencyViolation[] = [];
  const report: Report = (rule, detail) => violations.push({ rule, detail });
  for (const [uri, { renditionReports = [] }] of playlists)
    for (const [other, playlist] of playlists) {
      if (other === uri) continue;
      const said = renditionReports.find((candidate) => candidate.uri === other);
      // "A server MUST provide up-to-date Rendition Reports ... for each Media Playlist in the Multivariant Playlist" (appendix B.1).
      if (said === undefined) {
        report('report-missing', `${uri} says nothing of ${other}`);
        continue;
      }
      const { lastMediaSequence, lastPart } = newestOf(playlist);
      if (said.lastMediaSequence !== lastMediaSequence || said.lastPart !== lastPart)
        report(
          'report-wrong',
          `${uri} says ${said.lastMediaSequence}.${said.lastPart ?? 'none'} of ${other}, which ends at ${lastMediaSequence}.${lastPart ?? 'none'}`,
        );
    }
  return violations;
}

/** The newest segment of a playlist that has parts, and the newest of these. */
export function newestOf({ mediaSequence, segments, skip, open }: MediaPlaylist): {
  readonly lastMediaSequence: number;
  readonly lastPart: number | undefined;
} {
  const next = mediaSequence + (skip?.skippedSegments ?? 0) + segments.length;
  if (open !== undefined && open.parts.length > 0) return { lastMediaSequence: next, lastPart: open.parts.length - 1 };
  const parts = segments.at(-1)?.parts?.length ?? 0;
  return { lastMediaSequence: next - 1, lastPart: parts > 0 ? parts - 1 : undefined };
}
