// Frames that came before it was known whose they are: the claim of a new publisher is read meanwhile.
import { frameCost } from '@millrace/domain';
import type { Frame, FramePosition } from '@millrace/domain';
import type { FrameSubscriber } from '@millrace/frame-bus';

type Held = { readonly frame: Frame } | { readonly expected: FramePosition; readonly next: FramePosition };

export class HeldFeed {
  readonly epoch: number;
  readonly #maxBytes: number;
  readonly #items: Held[];
  #bytes = 0;

  /** @param first the frame of the unknown epoch */
  constructor(first: Frame, maxBytes: number) {
    this.epoch = first.epoch;
    this.#maxBytes = maxBytes;
    this.#items = [{ frame: first }];
  }

  get length(): number {
    return this.#items.length;
  }

  /** @returns false when there are too many; the frame is not kept then */
  addFrame(frame: Frame): boolean {
    this.#bytes += frameCost(frame);
    if (this.#bytes > this.#maxBytes) return false;
    this.#items.push({ frame });
    return true;
  }

  addGap(expected: FramePosition, next: FramePosition): void {
    this.#items.push({ expected, next });
  }

  /** Gives everything, in order. */
  replay(subscriber: FrameSubscriber): void {
    for (const item of this.#items) {
      if ('frame' in item) subscriber.onFrame(item.frame);
      else subscriber.onGap(item.expected, item.next);
    }
  }
}
