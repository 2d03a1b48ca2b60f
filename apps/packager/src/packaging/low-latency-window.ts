// The list of a session with renditions: one playlist for each, with parts where it has low latency. Pure. It begins with a whole segment, as the
// list beside it does, so that players know of all renditions once they find the stream.
import { TICKS_PER_MS } from '@millrace/domain';
import type { ResumePoint } from '@millrace/domain';
import {
  parseRenditionName,
  partName,
  renditionFile,
  renditionNames,
  renditionSegmentName,
  renditionValues,
} from '@millrace/live-store';
import type {
  LowLatencyEntry,
  LowLatencyState,
  LowLatencyWindow,
  MediaPeriod,
  OfRenditions,
  PartEntry,
  RenditionEntry,
  RenditionFacts,
  RenditionName,
  RenditionPlaylist,
  RenditionPlaylists,
  WholeRenditionEntry,
} from '@millrace/live-store';
import { formatMediaPlaylist } from '@millrace/protocol/hls';
import type { MediaSegment, PartialSegment, RenditionReport } from '@millrace/protocol/hls';
import { cmafZeroMs } from '../containers/cmaf.ts';
import { dateRangesOf, withSignals } from './date-ranges.ts';
import type { FinishedSegment } from './finished-segment.ts';
import { partTargetOf } from './part-cutter.ts';
import type { FinishedPart } from './part-cutter.ts';

/** Players that load deltas need it (draft-pantos-hls-rfc8216bis section 8). */
const VERSION = 9;
/** "MUST be at least three times the Target Duration" (section 4.4.3.8). */
const HOLD_BACK_TARGETS = 3;
/** "MUST be at least twice the Part Target Duration and SHOULD be at least three times". */
const HOLD_BACK_PARTS = 3;
/** "The Skip Boundary MUST be at least six times the Target Duration". */
const SKIP_TARGETS = 6;
/** Parts of segments that end further from the end of the list are not listed any more (section 6.2.2). */
const PARTS_TARGETS = 3;
const TICKS_PER_SECOND = 90_000;

/** As the duration of parts: of standard latency, with renditions for codecs that have no place in MPEG-TS. */
const NO_PARTS = 0;

const NOTHING_OPEN: LowLatencyWindow['open'] = { discontinuity: false, renditions: {} };

const partEntry = ({ name, ticks, independent }: FinishedPart): PartEntry => ({ name, ticks, independent });
const mapOf = ({ map: { name, contentType } }: FinishedPart): RenditionEntry['map'] => ({ name, contentType });

/** The list with a part more of the segment that is not whole. One that it has already changes nothing. */
export function appendPart(window: LowLatencyWindow, part: FinishedPart): LowLatencyWindow {
  const { rendition } = part;
  const { renditions } = window.open;
  const known = renditions[rendition];
  if ((known?.parts.length ?? 0) > part.index) return window;
  const entry: RenditionEntry = {
    map: mapOf(part),
    programDateTimeMs: part.programDateTimeMs,
    start90k: known === undefined ? part.start90k : known.start90k,
    parts: [...(known?.parts ?? []), partEntry(part)],
  };
  const signals = part.signals ?? window.open.signals;
  const open = {
    discontinuity: part.before.discontinuity,
    renditions: { ...renditions, [rendition]: entry },
    ...(signals && { signals }),
  };
  return { ...window, open };
}

/**
 * The list with a segment more, without those before `firstMediaSequence`, and without parts that are too old.
 * @param window undefined before the first segment of a session
 * @returns undefined for a segment of a session without parts
 */
export function appendWholeSegment(
  window: LowLatencyWindow | undefined,
  segment: FinishedSegment,
  firstMediaSequence: number,
): LowLatencyWindow | undefined {
  const { before, after, renditions, durationMs, independent } = segment;
  if (renditions === undefined) return undefined;
  const { partDurationMs = NO_PARTS } = before;
  const whole: { [Name in RenditionName]?: WholeRenditionEntry } = {};
  const facts: { [Name in RenditionName]?: RenditionFacts | undefined } = {};
  for (const rendition of renditionNames(renditions)) {
    const {
      name,
      bytes,
      ticks,
      map,
      start90k,
      programDateTimeMs,
      parts,
      independent: own,
      aligned,
    } = renditions[rendition]!;
    const { name: mapName, contentType } = map;
    whole[rendition] = {
      name,
      ticks,
      start90k,
      bytes: bytes.length,
      independent: own,
      ...(aligned !== undefined && { aligned }),
      map: { name: mapName, contentType },
      programDateTimeMs,
      parts: partDurationMs === NO_PARTS ? [] : parts.map(partEntry),
    };
    facts[rendition] = renditions[rendition]!.facts;
  }
  // Segments that a packager without parts has committed meanwhile are missing: the list begins behind them.
  const last = window?.entries.at(-1);
  const goesOn = last !== undefined && last.mediaSequence + 1 === before.mediaSequence;
  const entry: LowLatencyEntry = {
    mediaSequence: before.mediaSequence,
    durationMs,
    discontinuity: before.discontinuity,
    discontinuitySequence: before.discontinuitySequence,
    independent,
    renditions: whole,
    ...periodOf(before, whole, goesOn ? last : undefined),
  };
  const entries = [...(goesOn ? window!.entries : []), entry].filter(
    ({ mediaSequence }) => mediaSequence >= firstMediaSequence,
  );
  const known = { ...(goesOn ? window!.facts : undefined), ...facts };
  return {
    partDurationMs,
    facts: Object.fromEntries(listedNames(entries).map((name) => [name, known[name]])),
    entries: withoutOldParts(entries, after.targetDurationSeconds),
    open: NOTHING_OPEN,
  };
}

/** A new one begins with a discontinuity, and where a rendition comes, goes, or has another initialisation map. */
function periodOf(
  { discontinuity, epochZeroMs }: ResumePoint,
  renditions: LowLatencyEntry['renditions'],
  last: LowLatencyEntry | undefined,
): { readonly period?: MediaPeriod } {
  if (!discontinuity && last?.period !== undefined && mapsOf(last.renditions) === mapsOf(renditions))
    return { period: last.period };
  const starts = renditionValues(renditions).map((rendition) => rendition.start90k ?? 0);
  // A segment whose media is lost begins none.
  if (starts.length === 0) return {};
  const start90k = Math.min(...starts);
  return { period: { zeroMs: cmafZeroMs(epochZeroMs), start90k: start90k - (start90k % TICKS_PER_MS) } };
}

const mapsOf = (renditions: LowLatencyEntry['renditions']): string =>
  renditionNames(renditions)
    .map((name) => `${name} ${renditions[name]!.map.name}`)
    .join();

/** The renditions that have media in a list. */
const listedNames = (entries: readonly { readonly renditions: OfRenditions<unknown> }[]): RenditionName[] =>
  renditionNames(Object.assign({}, ...entries.map(({ renditions }) => renditions)) as OfRenditions<unknown>);

function withoutOldParts(entries: readonly LowLatencyEntry[], targetDurationSeconds: number): LowLatencyEntry[] {
  const keptMs = PARTS_TARGETS * targetDurationSeconds * 1_000;
  let behindMs = 0;
  return entries
    .toReversed()
    .map((entry) => {
      const isOld = behindMs >= keptMs;
      behindMs += entry.durationMs;
      return isOld ? withoutParts(entry) : entry;
    })
    .toReversed();
}

function withoutParts(entry: LowLatencyEntry): LowLatencyEntry {
  const renditions: { [Name in RenditionName]?: WholeRenditionEntry } = {};
  for (const name of renditionNames(entry.renditions)) renditions[name] = { ...entry.renditions[name]!, parts: [] };
  return { ...entry, renditions };
}

/** Whether a list is the one before this state: another packager may have gone on without it. */
export function isInStep({ partDurationMs, entries }: LowLatencyWindow, head: ResumePoint): boolean {
  const last = entries.at(-1);
  return (
    partDurationMs === (head.partDurationMs ?? NO_PARTS) &&
    last !== undefined &&
    last.mediaSequence + 1 === head.mediaSequence
  );
}

/** @param ended whether nothing will follow */
export function lowLatencyState(
  window: LowLatencyWindow,
  head: ResumePoint,
  ended: boolean,
  step: number,
): LowLatencyState {
  const names = listedNames([...window.entries, window.open]);
  const listed: LowLatencyWindow = ended ? { ...window, open: NOTHING_OPEN } : window;
  const playlists: { [Name in RenditionName]?: RenditionPlaylist } = {};
  for (const name of names) {
    const others = names.filter((other) => other !== name);
    playlists[name] = {
      text: formatRendition(listed, name, others, head, ended),
      nextMediaSequence: head.mediaSequence,
      parts: listed.open.renditions[name]?.parts.length ?? 0,
    };
  }
  return { step, window: listed, playlists: playlists satisfies RenditionPlaylists };
}

function formatRendition(
  window: LowLatencyWindow,
  name: RenditionName,
  others: readonly RenditionName[],
  head: ResumePoint,
  ended: boolean,
): string {
  const { entries, open } = window;
  const first = entries[0];
  const target = Math.max(head.targetDurationSeconds, 1);
  const hasParts = window.partDurationMs !== NO_PARTS;
  const partTarget = partTargetOf(window.partDurationMs) / 1_000;
  let map: string | undefined;
  const newMap = (rendition: RenditionEntry | undefined): MediaSegment['map'] => {
    if (rendition === undefined || rendition.map.name === map) return undefined;
    map = rendition.map.name;
    return { uri: map, byteRange: undefined };
  };
  const breaks = withSignals(window.breaks ?? [], open.signals ?? [], head.mediaSequence);
  const segments = entries.map((entry, index) => ({
    ...mediaSegment(name, entry, newMap(entry.renditions[name])),
    dateRanges: dateRangesOf(breaks, entry.mediaSequence, index === 0),
  }));
  const opened = open.renditions[name];
  return formatMediaPlaylist({
    version: VERSION,
    targetDuration: target,
    ...(hasParts && {
      serverControl: {
        canBlockReload: true,
        canSkipUntil: SKIP_TARGETS * target,
        canSkipDateRanges: false,
        holdBack: HOLD_BACK_TARGETS * target,
        partHoldBack: HOLD_BACK_PARTS * partTarget,
      },
      partTarget,
    }),
    mediaSequence: first?.mediaSequence ?? head.mediaSequence,
    discontinuitySequence:
      first === undefined ? head.discontinuitySequence : first.discontinuitySequence - (first.discontinuity ? 1 : 0),
    playlistType: undefined,
    independentSegments: isIndependent(name, entries) && opened?.parts[0]?.independent !== false,
    iFramesOnly: false,
    start: undefined,
    endList: ended,
    segments,
    open: opened && {
      discontinuity: open.discontinuity,
      programDateTimeMs: opened.programDateTimeMs,
      keys: [],
      map: newMap(opened),
      dateRanges: dateRangesOf(breaks, head.mediaSequence, entries.length === 0),
      parts: opened.parts.map(partialSegment),
      otherTags: [],
    },
    preloadHints:
      ended || !hasParts ? [] : [{ type: 'PART', uri: partName(name, head.mediaSequence, opened?.parts.length ?? 0) }],
    renditionReports: hasParts ? others.map((other) => reportOf(window, other, head)) : [],
    otherTags: [],
  });
}

/** Whether decoding can start with each segment that has media. */
function isIndependent(name: RenditionName, entries: readonly LowLatencyEntry[]): boolean {
  if (parseRenditionName(name)?.kind === 'audio') return true;
  return entries.every(({ independent, renditions }) => {
    const rendition = renditions[name];
    return rendition === undefined || (rendition.independent ?? independent);
  });
}

function mediaSegment(name: RenditionName, entry: LowLatencyEntry, map: MediaSegment['map']): MediaSegment {
  const { mediaSequence, discontinuity, durationMs, renditions } = entry;
  const rendition = renditions[name];
  const common = { title: '', byteRange: undefined, discontinuity, keys: [], map, otherTags: [] };
  // Nothing of this kind came: the other rendition goes on meanwhile (section 4.4.4.7).
  if (rendition === undefined) {
    const uri = renditionSegmentName(name, mediaSequence);
    return { ...common, uri, duration: durationMs / 1_000, programDateTimeMs: undefined, gap: true };
  }
  return {
    ...common,
    uri: rendition.name,
    duration: rendition.ticks / TICKS_PER_SECOND,
    programDateTimeMs: rendition.programDateTimeMs,
    ...(rendition.parts.length > 0 && { parts: rendition.parts.map(partialSegment) }),
  };
}

const partialSegment = ({ name, ticks, independent }: PartEntry): PartialSegment => ({
  uri: name,
  duration: ticks / TICKS_PER_SECOND,
  independent,
});

/** Section 4.4.5.4: the newest segment and part of another rendition. */
function reportOf({ entries, open }: LowLatencyWindow, name: RenditionName, head: ResumePoint): RenditionReport {
  const uri = renditionFile(name);
  const opened = open.renditions[name]?.parts.length ?? 0;
  if (opened > 0) return { uri, lastMediaSequence: head.mediaSequence, lastPart: opened - 1 };
  const parts = entries.at(-1)?.renditions[name]?.parts.length ?? 0;
  return { uri, lastMediaSequence: head.mediaSequence - 1, lastPart: parts > 0 ? parts - 1 : undefined };
}
