// The end of the way to one subscriber: messages in, frames in order out.
import { comparePositions, FrameFlag } from '@millrace/domain';
import type { Frame, FramePosition } from '@millrace/domain';
import type { FrameSubscriber, StartPosition } from '../frame-bus.ts';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import { FrameOrder } from '../order/frame-order.ts';
import { KeyframeGate } from '../order/keyframe-gate.ts';
import { giveFrame, giveGap } from '../order/notify.ts';
import { FrameCodecError } from '../wire/frame-codec-error.ts';
import { FrameReader } from '../wire/frame-reader.ts';
import { PartAssembler } from '../wire/part-assembler.ts';

/**
 * Configuration is small and kept for long: a view would keep the whole block alive that was read from the socket. Media
 * is given as a view: a reader that keeps it must copy it.
 */
const COPY_CONFIGURATION_BELOW = 4_096;

/** Gives each frame once and in order, from whatever source the messages come. */
export class FrameFeed {
  readonly #subscriber: FrameSubscriber;
  readonly #observer: FrameBusObserver;
  readonly #order: FrameOrder;
  readonly #assembler: PartAssembler;
  #gate: KeyframeGate | undefined;
  #missingBefore: FramePosition | undefined;
  #isClosed = false;

  /** @param maxFrameBytes the most that is put together from parts */
  constructor(start: StartPosition, subscriber: FrameSubscriber, observer: FrameBusObserver, maxFrameBytes: number) {
    this.#subscriber = subscriber;
    this.#observer = observer;
    this.#assembler = new PartAssembler(maxFrameBytes);
    this.#order = new FrameOrder(start.from === 'position' ? start.position : undefined);
    if (start.from === 'keyframe') this.#gate = new KeyframeGate();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The position that follows; undefined while any frame, or any keyframe, will do. */
  get expected(): FramePosition | undefined {
    return this.#order.expected;
  }

  /** The frame that showed the last gap. */
  get missingBefore(): FramePosition | undefined {
    return this.#missingBefore;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Starts here: the configuration before a keyframe. */
  startAt(position: FramePosition): void {
    this.#gate = undefined;
    this.#order.restart(position);
  }

  /** The messages that come now need not follow those before. */
  interrupted(): void {
    this.#order.interrupted();
    this.#assembler.reset();
  }

  /** The messages that come now overlap those before, but may begin in the middle of a frame. */
  restartParts(): void {
    this.#assembler.reset();
  }

  /** Whether a message that begins here leaves nothing out. */
  joins(position: FramePosition): boolean {
    const { expected } = this.#order;
    return !expected || (position.epoch <= expected.epoch && comparePositions(position, expected) <= 0);
  }

  /**
   * Gives the frames of a message that the subscriber has not had.
   * @returns false when frames are missing before one of them (`missingBefore`): it and what follows it are not given
   */
  take(message: Uint8Array): boolean {
    const reader = new FrameReader(message);
    try {
      while (!this.#isClosed && reader.next()) if (!this.#takeFrame(reader)) return false;
    } catch (error) {
      if (!(error instanceof FrameCodecError)) throw error;
      this.#observer.framesDropped(1, 'malformed');
      this.#observer.problem(new FrameBusError('bad-message', 'a message holds no frames', { cause: error }));
    }
    return true;
  }

  /** Tells the subscriber that what lies before this position is gone, and goes on with it. */
  giveUpBefore(next: FramePosition): void {
    const { expected } = this.#order;
    this.#order.restart(next);
    if (expected && !giveGap(this.#subscriber, expected, next, this.#observer)) this.close();
  }

  #takeFrame(reader: FrameReader): boolean {
    const verdict = this.#order.judge(reader.epoch, reader.sequence);
    if (verdict === 'repeat') return true;
    if (verdict === 'gap') {
      this.#missingBefore = { epoch: reader.epoch, sequence: reader.sequence };
      return false;
    }
    const frame = reader.partCount === 1 ? reader.frame(payloadOf(reader)) : this.#assembler.push(reader);
    if (frame) this.#give(frame);
    return true;
  }

  #give(frame: Frame): void {
    if (!this.#gate) return this.#giveNow(frame);
    const frames = this.#gate.push(frame);
    if (frames.length === 0) return;
    this.#gate = undefined;
    for (const held of frames) this.#giveNow(held);
  }

  #giveNow(frame: Frame): void {
    if (this.#isClosed) return;
    this.#order.gave(frame);
    if (!giveFrame(this.#subscriber, frame, this.#observer)) this.close();
  }
}

function payloadOf(reader: FrameReader): Uint8Array {
  const payload = reader.payload();
  const isSmall = (reader.flags & FrameFlag.configuration) !== 0 && payload.byteLength < COPY_CONFIGURATION_BELOW;
  return isSmall ? Uint8Array.prototype.slice.call(payload) : payload;
}
