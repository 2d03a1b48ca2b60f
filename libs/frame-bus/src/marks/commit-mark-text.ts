// Commit marks as text: one line of JSON, checked field by field when it is read.
import { isId, type CommitMark, type ContinuityCounters, type FramePosition, type ResumePoint } from '@millrace/domain';

/** The longest text that is read as a mark; a real one has about 700 characters. */
const MAX_MARK_LENGTH = 4_096;

/** One line, without a line break in it. */
export function formatCommitMark(mark: CommitMark): string {
  return JSON.stringify({ streamId: mark.streamId, tail: mark.tail, head: mark.head });
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
  return { streamId, tail, head };
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
  const { pat, pmt, video, audio } = value;
  return isCount(pat) && isCount(pmt) && isCount(video) && isCount(audio) ? { pat, pmt, video, audio } : undefined;
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
