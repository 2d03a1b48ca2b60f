// Commit marks as text: one line of JSON, checked field by field when it is read.
import { isId, isOlderContainer, readResumePoint, writeResumePoint } from '@millrace/domain';
import type { CommitMark, ListedBreak, ResumePoint } from '@millrace/domain';

/** The longest text that is read as a mark, by earlier releases too. Without points between it has about 700 characters. */
const MAX_MARK_LENGTH = 4_096;
/** What breaks may take of it: one section of 512 bytes, or ten of usual length. */
const MAX_BREAKS_LENGTH = 1_400;

/** One line, without a line break in it. Of the breaks and of the points between, the oldest are left out where they do not fit. */
export function formatCommitMark({ streamId, tail, head, between = [], breaks = [] }: CommitMark): string {
  const kept = breaksThatFit(breaks);
  const mark = {
    streamId,
    tail: writeResumePoint(tail),
    head: writeResumePoint(head),
    ...(kept.length > 0 && { breaks: kept }),
  };
  const points = between.filter((point) => isOfHead(point, head)).map((point) => compact(point, head));
  for (let from = 0; from < points.length; from++) {
    const text = JSON.stringify({ ...mark, between: points.slice(from) });
    if (text.length <= MAX_MARK_LENGTH) return text;
  }
  return JSON.stringify(mark);
}

function breaksThatFit(breaks: readonly ListedBreak[]): readonly ListedBreak[] {
  let from = breaks.length;
  for (let length = 0; from > 0; from--) {
    length += JSON.stringify(breaks[from - 1]).length + 1;
    if (length > MAX_BREAKS_LENGTH) break;
  }
  return breaks.slice(from);
}

/** Points between are written as differences from the head: of its session, which has one container and one latency, and behind the first segment with several tracks. */
const isOfHead = ({ sessionId, container, partDurationMs, ladder }: ResumePoint, head: ResumePoint): boolean =>
  sessionId === head.sessionId &&
  container.name === head.container.name &&
  partDurationMs === head.partDurationMs &&
  (ladder ?? false) === (head.ladder ?? false);

/** In the place of a number that is not there. */
const ABSENT = -1;

/** How many numbers come before those that may be absent. */
const FIXED_NUMBERS = 11;

/**
 * A point of the head's session, as numbers: epoch and its zero as differences from the head's, position, media sequence,
 * discontinuity sequence, whether there is a discontinuity, the four counters of the older form, target duration, and what may be
 * absent: among it, how many numbers ago the key began. Of a container that the older form cannot express, the counters are 0 and its
 * state comes last.
 */
function compact(point: ResumePoint, head: ResumePoint): readonly unknown[] {
  const { position, mediaSequence, discontinuitySequence, discontinuity, container, ...more } = point;
  const {
    targetDurationSeconds,
    epochZeroMs,
    sessionId: _,
    partDurationMs: __,
    ladder: ___,
    awaitsKeyframe,
    videoDelay90k,
    keySequence,
    ...rest
  } = more;
  // Does not compile when a point gets a field that is left out here.
  rest satisfies Record<string, never>;
  const isOlder = isOlderContainer(container);
  const { pat = 0, pmt = 0, video = 0, audio = 0, metadata } = isOlder ? container.state : {};
  // Last, as earlier releases pass over what they do not know, and leave out a point that has more than numbers.
  const key = keySequence === undefined ? [] : [metadata ?? ABSENT, mediaSequence - keySequence];
  const last = isOlder ? (keySequence === undefined ? metadata : undefined) : container.state;
  return [
    position.epoch - head.position.epoch,
    epochZeroMs - head.epochZeroMs,
    position.sequence,
    mediaSequence,
    discontinuitySequence,
    Number(discontinuity),
    pat,
    pmt,
    video,
    audio,
    targetDurationSeconds,
    awaitsKeyframe === undefined ? ABSENT : Number(awaitsKeyframe),
    videoDelay90k ?? ABSENT,
    ...key,
    ...(last === undefined ? [] : [last]),
  ];
}

/** @returns undefined when it is no such point */
function readCompact(value: unknown, head: ResumePoint): ResumePoint | undefined {
  if (!Array.isArray(value)) return undefined;
  const list: readonly unknown[] = value;
  const last = list.at(-1);
  const state = typeof last === 'object' ? last : undefined;
  const numbers = state === undefined ? list : list.slice(0, -1);
  if (!numbers.every((number): number is number => typeof number === 'number')) return undefined;
  const [epoch, zero, sequence, mediaSequence, discontinuitySequence, flag, pat, pmt, video, audio, target] = numbers;
  const [awaits = ABSENT, videoDelay90k = ABSENT, metadata = ABSENT, keyAge] = numbers.slice(FIXED_NUMBERS);
  return readResumePoint({
    position: { epoch: head.position.epoch + Number(epoch), sequence },
    mediaSequence,
    discontinuitySequence,
    discontinuity: flag === 1,
    sessionId: head.sessionId,
    continuity: { pat, pmt, video, audio, ...(metadata !== ABSENT && { metadata }) },
    ...(state !== undefined && { container: { name: head.container.name, state } }),
    targetDurationSeconds: target,
    epochZeroMs: head.epochZeroMs + Number(zero),
    ...(awaits !== ABSENT && { awaitsKeyframe: awaits === 1 }),
    ...(videoDelay90k !== ABSENT && { videoDelay90k }),
    ...(keyAge !== undefined && { keySequence: Number(mediaSequence) - keyAge }),
    ...(head.partDurationMs !== undefined && { partDurationMs: head.partDurationMs }),
    ...(head.ladder !== undefined && { ladder: head.ladder }),
  });
}

/** Points that cannot be read are left out: they only spare what would be lost without them. */
function readBetween(value: unknown, head: ResumePoint): ResumePoint[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.map((each) => readCompact(each, head)).filter((point) => point !== undefined);
}

/** @returns undefined when the text is not a whole, well-formed mark: a torn line, another format */
export function parseCommitMark(text: string): CommitMark | undefined {
  if (text.length > MAX_MARK_LENGTH) return undefined;
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { streamId } = value;
  const tail = readResumePoint(value.tail);
  const head = readResumePoint(value.head);
  if (typeof streamId !== 'string' || !isId('str', streamId) || !tail || !head) return undefined;
  const between = readBetween(value.between, head);
  const breaks = readBreaks(value.breaks);
  return { streamId, tail, head, ...(between.length > 0 && { between }), ...(breaks.length > 0 && { breaks }) };
}

/** Those that cannot be read are left out, like points. */
function readBreaks(value: unknown): ListedBreak[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter(isBreak);
}

const KINDS: ReadonlySet<unknown> = new Set(['break', 'in', 'other'] satisfies ListedBreak['kind'][]);
const HEXADECIMAL = /^(?:[\dA-Fa-f]{2})+$/;

function isBreak(value: unknown): value is ListedBreak {
  if (!isRecord(value)) return false;
  const { id, kind, event, startMs, listedWith, command, plannedMs = 0, autoReturn = false, end } = value;
  return (
    typeof id === 'string' &&
    KINDS.has(kind) &&
    typeof event === 'string' &&
    [startMs, listedWith, plannedMs].every(isCount) &&
    isHexadecimal(command) &&
    typeof autoReturn === 'boolean' &&
    (end === undefined || (isRecord(end) && isCount(end.atMs) && isCount(end.listedWith) && isHexadecimal(end.command)))
  );
}

const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isHexadecimal = (value: unknown): boolean => typeof value === 'string' && HEXADECIMAL.test(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
