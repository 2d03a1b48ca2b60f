// Commit marks as text: one line of JSON, checked field by field when it is read.
import { isId, type CommitMark, type ContinuityCounters, type FramePosition, type ResumePoint } from '@millrace/domain';

/** The longest text that is read as a mark, by earlier releases too. Without points between it has about 700 characters. */
const MAX_MARK_LENGTH = 4_096;

/** One line, without a line break in it. Of the points between, the oldest are left out where they do not fit. */
export function formatCommitMark({ streamId, tail, head, between = [] }: CommitMark): string {
  const points = between.filter(({ sessionId }) => sessionId === head.sessionId).map((point) => compact(point, head));
  for (let from = 0; from < points.length; from++) {
    const text = JSON.stringify({ streamId, tail, head, between: points.slice(from) });
    if (text.length <= MAX_MARK_LENGTH) return text;
  }
  return JSON.stringify({ streamId, tail, head });
}

/** In the place of a number that is not there. */
const ABSENT = -1;

/**
 * A point of the head's session, as numbers: epoch and its zero as differences from the head's, position, media sequence,
 * discontinuity sequence, whether there is a discontinuity, the four counters, target duration, and what may be absent.
 */
function compact(point: ResumePoint, head: ResumePoint): readonly number[] {
  const { position, mediaSequence, discontinuitySequence, discontinuity, continuity, ...more } = point;
  const { targetDurationSeconds, epochZeroMs, sessionId: _, awaitsKeyframe, videoDelay90k, ...rest } = more;
  // Does not compile when a point gets a field that is left out here.
  rest satisfies Record<string, never>;
  return [
    ...[position.epoch - head.position.epoch, epochZeroMs - head.epochZeroMs, position.sequence],
    ...[mediaSequence, discontinuitySequence, Number(discontinuity)],
    ...[continuity.pat, continuity.pmt, continuity.video, continuity.audio, targetDurationSeconds],
    ...[awaitsKeyframe === undefined ? ABSENT : Number(awaitsKeyframe), videoDelay90k ?? ABSENT],
    // Last, as earlier releases pass over what they do not know.
    ...(continuity.metadata === undefined ? [] : [continuity.metadata]),
  ];
}

/** @returns undefined when it is no such point */
function readCompact(value: unknown, head: ResumePoint): ResumePoint | undefined {
  if (!Array.isArray(value) || !value.every((number): number is number => typeof number === 'number')) return undefined;
  const [epoch, zero, sequence, mediaSequence, discontinuitySequence, flag, pat, pmt, video, audio, target] = value;
  const [awaits = ABSENT, videoDelay90k = ABSENT, metadata] = value.slice(11);
  return readResumePoint({
    position: { epoch: head.position.epoch + Number(epoch), sequence },
    ...{ mediaSequence, discontinuitySequence, discontinuity: flag === 1, sessionId: head.sessionId },
    continuity: { pat, pmt, video, audio, ...(metadata !== undefined && { metadata }) },
    targetDurationSeconds: target,
    epochZeroMs: head.epochZeroMs + Number(zero),
    ...(awaits !== ABSENT && { awaitsKeyframe: awaits === 1 }),
    ...(videoDelay90k !== ABSENT && { videoDelay90k }),
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
  return { streamId, tail, head, ...(between.length > 0 && { between }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readPosition(value: unknown): FramePosition | undefined {
  if (!isRecord(value)) return undefined;
  const { epoch, sequence } = value;
  return isCount(epoch) && isCount(sequence) ? { epoch, sequence } : undefined;
}

function readCounters(value: unknown): ContinuityCounters | undefined {
  if (!isRecord(value)) return undefined;
  const { pat, pmt, video, audio, metadata } = value;
  if (!isCount(pat) || !isCount(pmt) || !isCount(video) || !isCount(audio)) return undefined;
  if (metadata === undefined) return { pat, pmt, video, audio };
  return isCount(metadata) ? { pat, pmt, video, audio, metadata } : undefined;
}

function readResumePoint(value: unknown): ResumePoint | undefined {
  if (!isRecord(value)) return undefined;
  const { mediaSequence, discontinuitySequence, discontinuity, targetDurationSeconds, epochZeroMs, sessionId } = value;
  const { awaitsKeyframe, videoDelay90k } = value;
  const position = readPosition(value.position);
  const continuity = readCounters(value.continuity);
  if (!position || !continuity || !isCount(mediaSequence) || !isCount(discontinuitySequence)) return undefined;
  if (typeof discontinuity !== 'boolean' || typeof sessionId !== 'string') return undefined;
  if (awaitsKeyframe !== undefined && typeof awaitsKeyframe !== 'boolean') return undefined;
  if (videoDelay90k !== undefined && !isCount(videoDelay90k)) return undefined;
  if (typeof targetDurationSeconds !== 'number' || typeof epochZeroMs !== 'number') return undefined;
  return {
    position,
    mediaSequence,
    discontinuitySequence,
    discontinuity,
    continuity,
    targetDurationSeconds,
    ...(awaitsKeyframe === undefined ? {} : { awaitsKeyframe }),
    ...(videoDelay90k === undefined ? {} : { videoDelay90k }),
    epochZeroMs,
    sessionId,
  };
}
