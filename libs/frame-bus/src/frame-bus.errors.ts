// What the frame bus refuses, in both adapters.
import { isId } from '@millrace/domain';

export type FrameBusErrorCode =
  /** The bus, or this way into it, was closed before. */
  | 'closed'
  /** NATS could not be reached, or did not answer, within the time that was allowed. */
  | 'unavailable'
  /** Not the form of a live stream's id: it must never become a subject or a file's content. */
  | 'bad-stream-id'
  | 'bad-epoch'
  /** A frame of another epoch, or with a sequence that is not above the last one. */
  | 'out-of-order'
  /** A frame above `maxFrameBytes`. */
  | 'frame-too-large'
  /** A subscriber threw; it was closed. */
  | 'subscriber-failed'
  /** A message on the bus that is not frames. */
  | 'bad-message'
  /** A record in the journal of marks, or in the stream of marks, that is not a mark. */
  | 'bad-mark'
  /** Frames that no mark covers fill the memory that they may; the oldest go. */
  | 'memory-full'
  /** The server is older than the bus is good with; it is used all the same. */
  | 'old-server'
  /** The server's answer to a publish was a refusal. */
  | 'refused';

export class FrameBusError extends Error {
  override readonly name = 'FrameBusError';
  readonly code: FrameBusErrorCode;

  constructor(code: FrameBusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether NATS could not be reached, or did not answer: trying again later makes sense. */
export const isFrameBusAway = (error: unknown): boolean =>
  error instanceof FrameBusError && error.code === 'unavailable';

/** @throws FrameBusError unless the text has the form of a live stream's id */
export function assertStreamId(streamId: string): void {
  if (!isId('str', streamId)) throw new FrameBusError('bad-stream-id', 'not the id of a live stream');
}

/** @throws FrameBusError unless the epoch fits a frame's header */
export function assertEpoch(epoch: number): void {
  if (!Number.isSafeInteger(epoch) || epoch < 1) throw new FrameBusError('bad-epoch', `${epoch} is not an epoch`);
}
