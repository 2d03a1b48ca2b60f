// A reader of a stream inside this process.
import type { Frame, FramePosition } from '@millrace/domain';
import type { FrameSubscriber, FrameSubscription, StartPosition } from '../frame-bus.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import { FrameOrder } from '../order/frame-order.ts';
import { KeyframeGate } from '../order/keyframe-gate.ts';
import { giveFrame, giveGap } from '../order/notify.ts';
import type { MemoryStream } from './memory-stream.ts';

/**
 * Follows the log of a stream: called at each frame, it gives everything up to the log's end, in a loop rather than by
 * recursion, so a subscriber may publish, subscribe and close from inside its callbacks.
 */
export class MemorySubscription implements FrameSubscription {
  readonly #stream: MemoryStream;
  readonly #subscriber: FrameSubscriber;
  readonly #observer: FrameBusObserver;
  readonly #order: FrameOrder;
  #gate: KeyframeGate | undefined;
  #next: number;
  /** Index of the first frame of which the subscriber may have a view. */
  #held = 0;
  #state: 'starting' | 'idle' | 'giving' | 'closed' = 'starting';

  constructor(stream: MemoryStream, start: StartPosition, subscriber: FrameSubscriber, observer: FrameBusObserver) {
    this.#stream = stream;
    this.#subscriber = subscriber;
    this.#observer = observer;
    this.#order = new FrameOrder(start.from === 'position' ? start.position : undefined);
    this.#next = this.#startIndex(start);
    stream.subscriptions.add(this);
  }

  /** Begins to give frames. */
  begin(): void {
    if (this.#state !== 'starting') return;
    this.#state = 'idle';
    this.pump();
  }

  /** Gives what the log has and the subscriber has not. Does nothing when it is called from inside a callback. */
  pump(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'giving';
    const { log } = this.#stream;
    while (this.#isGiving() && this.#next < log.end) {
      if (this.#next < log.first) {
        this.#next = log.first;
        this.#order.interrupted();
      }
      this.#take(log.at(this.#next++));
    }
    if (this.#isGiving()) this.#state = 'idle';
  }

  close(): void {
    this.#state = 'closed';
    if (this.#stream.left(this, this.#next)) this.#stream.lastUsedMs = Date.now();
  }

  release(position: FramePosition): void {
    this.#held = Math.max(this.#held, this.#stream.log.indexOf(position));
  }

  /** Whether the subscriber may have a view of this frame. */
  holds(index: number): boolean {
    return index >= this.#held && index < this.#next;
  }

  #isGiving(): boolean {
    return this.#state === 'giving';
  }

  #startIndex(start: StartPosition): number {
    const { log, newestGroup } = this.#stream;
    switch (start.from) {
      case 'live':
        return log.end;
      case 'keyframe':
        if (newestGroup !== undefined && newestGroup >= log.first) return newestGroup;
        this.#gate = new KeyframeGate();
        return log.end;
      case 'position': {
        const index = log.indexOf(start.position);
        // The frame before shows whether the log reaches back to the position, also when that is not in the log itself.
        if (index > log.first) this.#order.judge(log.at(index - 1).epoch, log.at(index - 1).sequence);
        return index;
      }
    }
  }

  #take(frame: Frame): void {
    if (this.#gate) {
      const frames = this.#gate.push(frame);
      if (frames.length === 0) return;
      this.#gate = undefined;
      for (const held of frames) this.#give(held);
    } else this.#give(frame);
  }

  #give(frame: Frame): void {
    if (!this.#isGiving()) return;
    const verdict = this.#order.judge(frame.epoch, frame.sequence);
    if (verdict === 'repeat') return;
    if (verdict === 'gap') this.#giveGap(frame);
    if (!this.#isGiving()) return;
    this.#order.gave(frame);
    if (!giveFrame(this.#subscriber, frame, this.#observer)) this.close();
  }

  #giveGap(next: Frame): void {
    const { expected } = this.#order;
    if (expected && !giveGap(this.#subscriber, expected, next, this.#observer)) this.close();
  }
}
