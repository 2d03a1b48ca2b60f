// The list that viewers see: which segments are in it, and its text. Pure.
import type { ListedBreak, ResumePoint } from '@millrace/domain';
import type { LowLatencyWindow, SegmentEntry } from '@millrace/live-store';
import { formatMediaPlaylist } from '@millrace/protocol/hls';
import type { EncryptionKey, MediaSegment } from '@millrace/protocol/hls';
import { dateRangesOf, stillListed, withSignals } from './date-ranges.ts';
import type { FinishedSegment } from './finished-segment.ts';
import { appendWholeSegment } from './low-latency-window.ts';

/** EXTINF with decimals needs version 3, EXT-X-MAP version 6 (RFC 8216 section 7). */
const VERSION = 3;
const VERSION_WITH_MAPS = 6;
/** Apple's guidance, and what a player that starts three segments from the end needs. */
const MIN_SEGMENTS = 3;
/** "MUST NOT remove a Media Segment ... less than three times the Target Duration" (RFC 8216 section 6.2.2). */
const MIN_TARGET_DURATIONS = 3;
/** However short segments are, a list has no more of them: encoders that change their configuration at every frame. */
export const MAX_LISTED_SEGMENTS = 512;

export interface PlaylistWindow {
  readonly sessionId: string;
  readonly entries: readonly SegmentEntry[];
  /** Before each entry. */
  readonly resumePoints: readonly ResumePoint[];
  /** Breaks for advertising of which a part is listed; undefined where there are none. */
  readonly breaks?: readonly ListedBreak[] | undefined;
  /** The same segments in renditions; undefined where there are none, and before the first segment. */
  readonly lowLatency?: LowLatencyWindow | undefined;
}

/** The list of a session that has no segment yet. */
export const emptyWindow = (sessionId: string): PlaylistWindow => ({ sessionId, entries: [], resumePoints: [] });

export function segmentEntry(segment: FinishedSegment): SegmentEntry {
  const { before, map, keySequence, carried, gap, tracks } = segment;
  return {
    mediaSequence: before.mediaSequence,
    name: segment.name,
    durationMs: segment.durationMs,
    bytes: segment.bytes.length,
    ...((gap || carried.length < tracks.length) && { mediaBytes: mediaBytesOf(segment) }),
    ...(gap && { gap }),
    discontinuity: before.discontinuity,
    discontinuitySequence: before.discontinuitySequence,
    independent: segment.independent,
    programDateTimeMs: segment.programDateTimeMs,
    contentType: segment.contentType,
    ...(map === undefined ? {} : { map: { name: map.name, contentType: map.contentType } }),
    ...(keySequence === undefined ? {} : { keySequence }),
  };
}

/** Of the first tracks. */
const mediaBytesOf = ({ renditions: { video, audio } = {} }: FinishedSegment): number =>
  (video?.bytes.length ?? 0) + (audio?.bytes.length ?? 0);

/**
 * The list with a segment more, and without those that `windowMs` leaves no place for. A segment of another session starts a
 * new list: the old one may have had another target duration, and was closed.
 */
export function appendSegment(window: PlaylistWindow, segment: FinishedSegment, windowMs: number): PlaylistWindow {
  const { sessionId } = segment.before;
  const goesOn = sessionId === window.sessionId;
  const entries = [...(goesOn ? window.entries : []), segmentEntry(segment)];
  const resumePoints = [...(goesOn ? window.resumePoints : []), segment.before];
  const surplus = countSurplus(entries, Math.max(windowMs, minimumMs(segment.after.targetDurationSeconds)));
  const firstMediaSequence = entries[surplus]!.mediaSequence;
  const signalled = withSignals((goesOn && window.breaks) || [], segment.signals, segment.before.mediaSequence);
  const breaks = stillListed(signalled, entries[surplus]!.programDateTimeMs);
  const whole = appendWholeSegment(goesOn ? window.lowLatency : undefined, segment, firstMediaSequence);
  const lowLatency = whole && breaks.length > 0 ? { ...whole, breaks } : whole;
  return {
    sessionId,
    entries: entries.slice(surplus),
    resumePoints: resumePoints.slice(surplus),
    ...(breaks.length > 0 && { breaks }),
    ...(lowLatency && { lowLatency }),
  };
}

const minimumMs = (targetDurationSeconds: number): number => MIN_TARGET_DURATIONS * targetDurationSeconds * 1_000;

/** How many of the oldest segments can go so that at least `keepMs` remains. */
function countSurplus(entries: readonly SegmentEntry[], keepMs: number): number {
  let restMs = windowDurationMs(entries);
  let surplus = 0;
  while (entries.length - surplus > MIN_SEGMENTS) {
    restMs -= entries[surplus]!.durationMs;
    if (restMs < keepMs && entries.length - surplus <= MAX_LISTED_SEGMENTS) break;
    surplus++;
  }
  return surplus;
}

/** How much the list holds, in milliseconds. */
function windowDurationMs(entries: readonly SegmentEntry[]): number {
  let sum = 0;
  for (const entry of entries) sum += entry.durationMs;
  return sum;
}

/**
 * How long a segment stays readable after it has left the list: "the duration of the segment plus the duration of the longest
 * Playlist file ... containing that segment" (RFC 8216 section 6.2.2).
 */
export function retentionMs(entries: readonly SegmentEntry[], windowMs: number, targetDurationSeconds: number): number {
  return Math.max(windowDurationMs(entries), windowMs) + 2 * targetDurationSeconds * 1_000;
}

/**
 * The number of the first discontinuity that the list knows of. A tag before the first segment counts by itself: players add
 * one for each tag they read (RFC 8216 section 4.3.3.3).
 */
export function firstDiscontinuitySequence(entries: readonly SegmentEntry[], head: ResumePoint): number {
  const first = entries[0];
  if (first === undefined) return head.discontinuitySequence;
  return first.discontinuitySequence - (first.discontinuity ? 1 : 0);
}

/** @param ended whether nothing will follow */
export function formatWindow({ entries, breaks = [] }: PlaylistWindow, head: ResumePoint, ended: boolean): string {
  return formatMediaPlaylist({
    version: entries.some(({ map }) => map !== undefined) ? VERSION_WITH_MAPS : VERSION,
    targetDuration: Math.max(head.targetDurationSeconds, 1),
    mediaSequence: entries[0]?.mediaSequence ?? head.mediaSequence,
    discontinuitySequence: firstDiscontinuitySequence(entries, head),
    playlistType: undefined,
    independentSegments: entries.every((entry) => entry.independent),
    iFramesOnly: false,
    start: undefined,
    endList: ended,
    segments: entries.map((entry, index) => ({
      ...mediaSegment(entry, entries[index - 1]),
      dateRanges: dateRangesOf(breaks, entry.mediaSequence, index === 0),
    })),
    otherTags: [],
  });
}

/** @param last the entry before: a map or a key that is in force is not repeated */
function mediaSegment(entry: SegmentEntry, last: SegmentEntry | undefined): MediaSegment {
  const map = entry.map?.name === last?.map?.name ? undefined : entry.map;
  return {
    uri: entry.name,
    duration: entry.durationMs / 1_000,
    title: '',
    byteRange: undefined,
    discontinuity: entry.discontinuity,
    programDateTimeMs: entry.programDateTimeMs,
    keys: entry.keySequence === last?.keySequence ? [] : [keyTag(entry.keySequence)],
    map: map && { uri: map.name, byteRange: undefined },
    ...(entry.gap && { gap: true }),
    otherTags: [],
  };
}

/** Without an IV: "the Media Sequence Number is to be used as the IV" (RFC 8216 section 5.2). */
const keyTag = (keySequence: number | undefined): EncryptionKey => ({
  method: keySequence === undefined ? 'NONE' : 'AES-128',
  uri: keySequence === undefined ? undefined : `keys/${keySequence}`,
  iv: undefined,
  keyFormat: undefined,
  keyFormatVersions: undefined,
});
