// Breaks for advertising as lists have them (draft-pantos-hls-rfc8216bis section 4.4.5.1.1): one EXT-X-DATERANGE where a break begins, and
// another one of the same ID where it ends. They stay listed as long as a part of the break is. Pure.
import type { ListedBreak, SpliceSignal } from '@millrace/domain';
import type { DateRange } from '@millrace/protocol/hls';
import { SPLICE_LIMITS } from './splice-signals.ts';

/** Encoders repeat what they signal: what comes again within this is the same. 10 s. */
const REPEAT_MS = 10_000;

/** The breaks with what these signals change. @param mediaSequence of the segment that they came with */
export function withSignals(
  breaks: readonly ListedBreak[],
  signals: readonly SpliceSignal[],
  mediaSequence: number,
): readonly ListedBreak[] {
  return signals
    .reduce((all, signal) => withSignal(all, signal, mediaSequence), breaks)
    .slice(-SPLICE_LIMITS.maxListed);
}

function withSignal(
  breaks: readonly ListedBreak[],
  signal: SpliceSignal,
  mediaSequence: number,
): readonly ListedBreak[] {
  const { kind, event, atMs, command } = signal;
  const last = breaks.findLast((known) => known.event === event && (known.kind === 'break') === (kind !== 'other'));
  const began: ListedBreak = {
    id: `scte35-${event}-${atMs}`,
    kind: kind === 'out' ? 'break' : kind,
    event,
    startMs: atMs,
    listedWith: mediaSequence,
    command,
  };
  if (kind === 'out') {
    const { plannedMs, autoReturn } = signal;
    if (last !== undefined && last.end === undefined && atMs < endOf(last)) return breaks;
    return [...breaks, { ...began, ...(plannedMs !== undefined && { plannedMs }), ...(autoReturn && { autoReturn }) }];
  }
  if (kind === 'in' && last !== undefined && last.end === undefined) {
    const end = { atMs: Math.max(atMs, last.startMs), listedWith: mediaSequence, command };
    return breaks.map((known) => (known === last ? { ...last, end } : known));
  }
  const isRepeat = breaks.some(
    (known) =>
      (known.command === command && atMs - known.startMs < REPEAT_MS) ||
      (kind === 'in' && known.end?.command === command && atMs - known.end.atMs < REPEAT_MS),
  );
  return isRepeat ? breaks : [...breaks, began];
}

/** When nothing of a break lasts any more. One that has not ended and does not end by itself goes on. */
function endOf({ kind, startMs, end, plannedMs, autoReturn }: ListedBreak): number {
  if (kind !== 'break') return startMs;
  if (end !== undefined) return end.atMs;
  return startMs + (autoReturn === true && plannedMs !== undefined ? plannedMs : SPLICE_LIMITS.maxBreakMs);
}

/** Those of which a part is not before this time. */
export const stillListed = (breaks: readonly ListedBreak[], firstMs: number): readonly ListedBreak[] =>
  breaks.filter((known) => endOf(known) >= firstMs);

/** The tags that come before a segment. The first one that is listed has those too that came before it. */
export function dateRangesOf(breaks: readonly ListedBreak[], mediaSequence: number, isFirst: boolean): DateRange[] {
  const isHere = (listedWith: number): boolean =>
    listedWith === mediaSequence || (isFirst && listedWith < mediaSequence);
  return breaks.flatMap((known) => {
    const { id, kind, startMs, plannedMs, command, end, listedWith } = known;
    const tags: DateRange[] = [];
    if (isHere(listedWith))
      tags.push({
        id,
        startDateMs: startMs,
        plannedDuration: plannedMs === undefined ? undefined : plannedMs / 1_000,
        attributes: new Map([[ATTRIBUTES[kind], { hexadecimal: command }]]),
      });
    if (end !== undefined && isHere(end.listedWith))
      tags.push({
        id,
        startDateMs: startMs,
        endDateMs: end.atMs,
        duration: (end.atMs - startMs) / 1_000,
        attributes: new Map([['SCTE35-IN', { hexadecimal: end.command }]]),
      });
    return tags;
  });
}

const ATTRIBUTES = { break: 'SCTE35-OUT', in: 'SCTE35-IN', other: 'SCTE35-CMD' } as const;
