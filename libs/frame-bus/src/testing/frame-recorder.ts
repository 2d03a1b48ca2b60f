// A subscriber for tests: it writes down what it is told, and lets the test wait for it.
import type { Frame, FramePosition } from '@millrace/domain';
import type { FrameSubscriber } from '../frame-bus.ts';

export interface RecordedGap {
  readonly expected: FramePosition;
  readonly next: FramePosition;
}

interface Wait {
  readonly isMet: () => boolean;
  readonly resolve: () => void;
}

export class FrameRecorder implements FrameSubscriber {
  readonly frames: Frame[] = [];
  readonly gaps: RecordedGap[] = [];
  /** What is wrong with the order of calls: repeats, and missing numbers that no gap has announced. */
  readonly faults: string[] = [];
  /** Called after each frame was written down. */
  onEach: ((frame: Frame) => void) | undefined;
  #last: FramePosition | undefined;
  #announced: FramePosition | undefined;
  #waits: Wait[] = [];

  onFrame(frame: Frame): void {
    this.#check(frame);
    this.#last = frame;
    this.#announced = undefined;
    this.frames.push(frame);
    this.#wake();
    this.onEach?.(frame);
  }

  onGap(expected: FramePosition, next: FramePosition): void {
    this.gaps.push({ expected, next });
    this.#announced = next;
    this.#wake();
  }

  /** The positions of the frames, short: `1000/1 1000/2`. */
  get positions(): string {
    return this.frames.map((frame) => `${frame.epoch}/${frame.sequence}`).join(' ');
  }

  get sequences(): number[] {
    return this.frames.map((frame) => frame.sequence);
  }

  /** Resolves as soon as the condition holds after a call. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waits.push({ isMet, resolve }));
  }

  untilCount(frames: number): Promise<void> {
    return this.until(() => this.frames.length >= frames);
  }

  #check(frame: Frame): void {
    const last = this.#last;
    const announced = this.#announced;
    const isAnnounced = announced?.epoch === frame.epoch && announced.sequence === frame.sequence;
    if (announced && !isAnnounced) this.faults.push(`${frame.epoch}/${frame.sequence} is not what the gap announced`);
    if (!last || isAnnounced) return;
    const follows = last.epoch === frame.epoch ? frame.sequence === last.sequence + 1 : frame.epoch > last.epoch;
    const begins = last.epoch === frame.epoch || frame.sequence === 1;
    if (!follows || !begins) this.faults.push(`${frame.epoch}/${frame.sequence} after ${last.epoch}/${last.sequence}`);
  }

  #wake(): void {
    const met = this.#waits.filter((wait) => wait.isMet());
    this.#waits = this.#waits.filter((wait) => !met.includes(wait));
    for (const wait of met) wait.resolve();
  }
}
