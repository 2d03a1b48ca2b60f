// In what order a subscriber gets frames, what it does not get twice, and what it is told to be missing.
import { FrameKind } from '@millrace/domain';
import type { Frame, FramePosition } from '@millrace/domain';

/** What to do with a frame. */
export type FrameVerdict =
  /** It follows. */
  | 'next'
  /** It was given before, or belongs to an epoch that is over. */
  | 'repeat'
  /** Something before it is missing, or may be. */
  | 'gap';

/**
 * Follows the positions of one subscription.
 *
 * Within an epoch numbers have no gaps, so what is missing shows. At the change to a newer epoch it shows only in part:
 * that epoch begins at 1, but it is not known how many frames the older one had. So the change counts as a gap unless
 * - the `end` frame of the older epoch was given, or
 * - the new epoch's first frame came on the heels of the older one's last one, in one unbroken feed.
 */
export class FrameOrder {
  /** The position that follows; epoch 0 while any frame will do. Two numbers: this is looked at for every frame. */
  #epoch = 0;
  #sequence = 0;
  /** Whether nothing of the older epoch can be missing if a newer one begins now. */
  #whole = false;
  /** The last frame given was the `end` frame of its epoch. */
  #ended = false;

  /** @param start the position to start with; any position in epoch 0 stands for the oldest frame there is */
  constructor(start?: FramePosition) {
    if (start !== undefined && start.epoch > 0) this.restart(start);
  }

  /** The position that follows; undefined while any frame will do. */
  get expected(): FramePosition | undefined {
    return this.#epoch === 0 ? undefined : { epoch: this.#epoch, sequence: this.#sequence };
  }

  /** Starts anew, with this position as the first one wanted. */
  restart(position: FramePosition): void {
    this.#epoch = position.epoch;
    this.#sequence = Math.max(1, position.sequence);
    this.#whole = false;
    this.#ended = false;
  }

  /** Frames may have passed unseen since the last one: the feed was interrupted, or another one is read from now on. */
  interrupted(): void {
    this.#whole = this.#ended;
  }

  /** Judges the next frame of the feed. A repeat can prove that the feed misses nothing: it is taken note of. */
  judge(epoch: number, sequence: number): FrameVerdict {
    if (epoch === this.#epoch) {
      if (sequence === this.#sequence) return 'next';
      if (sequence > this.#sequence) return 'gap';
      if (sequence === this.#sequence - 1) this.#whole = true;
      return 'repeat';
    }
    if (this.#epoch === 0) return 'next';
    if (epoch < this.#epoch) return 'repeat';
    return sequence === 1 && this.#whole ? 'next' : 'gap';
  }

  /** Takes note that this frame was given. */
  gave(frame: Frame): void {
    this.#epoch = frame.epoch;
    this.#sequence = frame.sequence + 1;
    this.#ended = frame.kind === FrameKind.end;
    this.#whole = true;
  }
}
