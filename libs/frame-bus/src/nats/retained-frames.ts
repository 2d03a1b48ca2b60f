// The frames that a publisher keeps, and how far they have come.
import { isRandomAccess, frameCost } from '@millrace/domain';
import type { Frame, FramePosition } from '@millrace/domain';
import { FrameLog } from '../log/frame-log.ts';
import { wireBytes } from '../wire/frame-writer.ts';

/** Frames that are next to each other in the log and fit one message. */
export interface Batch {
  readonly frames: readonly Frame[];
  /** What they take in a message. */
  readonly bytes: number;
  readonly hasKeyframe: boolean;
}

/**
 * Frames are kept in one log: first those that are confirmed and only kept, then those that are sent, then those that wait.
 *
 *   first ─ confirmed ─ sent ─ end
 *
 * They leave in front.
 */
export class RetainedFrames {
  readonly #log = new FrameLog();
  readonly #onInflight: (bytes: number) => void;
  readonly #onRetained: (bytes: number) => void;
  readonly #onRemoved: (frame: Frame) => void;
  /** Index of the first frame that is not confirmed. */
  #confirmed = 0;
  /** Index of the first frame that is not sent. */
  #sent = 0;
  #unsentBytes = 0;
  #inflightBytes = 0;

  /**
   * @param onInflight told by how much `inflightBytes` changes
   * @param onRetained told by how much `bytes` changes
   * @param onRemoved told of each frame that is kept no longer
   */
  constructor(
    onInflight: (bytes: number) => void,
    onRetained: (bytes: number) => void,
    onRemoved: (frame: Frame) => void = () => undefined,
  ) {
    this.#onInflight = onInflight;
    this.#onRetained = onRetained;
    this.#onRemoved = onRemoved;
  }

  /** What all frames cost together. */
  get bytes(): number {
    return this.#log.bytes;
  }

  /** What the frames that are not confirmed cost together. */
  get inflightBytes(): number {
    return this.#inflightBytes;
  }

  /** What the frames that are not sent take in messages. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Index after the last frame that is sent: what an acknowledgement of it confirms. */
  get sentEnd(): number {
    return this.#sent;
  }

  /** Index after the newest frame. */
  get end(): number {
    return this.#log.end;
  }

  /** Index of the first frame that is not confirmed. */
  get confirmedEnd(): number {
    return this.#confirmed;
  }

  get isAllSent(): boolean {
    return this.#sent === this.#log.end;
  }

  get isAllConfirmed(): boolean {
    return this.#confirmed === this.#log.end;
  }

  /** How many frames are not confirmed. */
  get unconfirmed(): number {
    return this.#log.end - this.#confirmed;
  }

  /** Whether frames are sent and not confirmed. */
  get isWaiting(): boolean {
    return this.#confirmed < this.#sent;
  }

  push(frame: Frame): void {
    this.#log.push(frame);
    this.#unsentBytes += wireBytes(frame);
    const cost = frameCost(frame);
    this.#count(cost);
    this.#onRetained(cost);
  }

  /** The first frames that are not sent, as many as fit; at least one. From now on they are sent. */
  takeBatch(maxBytes: number): Batch {
    const frames: Frame[] = [];
    let bytes = 0;
    let hasKeyframe = false;
    for (; this.#sent < this.#log.end; this.#sent++) {
      const frame = this.#log.at(this.#sent);
      if (frames.length > 0 && bytes + wireBytes(frame) > maxBytes) break;
      frames.push(frame);
      bytes += wireBytes(frame);
      hasKeyframe ||= isRandomAccess(frame);
    }
    this.#unsentBytes -= bytes;
    return { frames, bytes, hasKeyframe };
  }

  /** Everything before this index is confirmed. */
  confirm(end: number): void {
    let bytes = 0;
    const until = Math.min(end, this.#sent);
    for (; this.#confirmed < until; this.#confirmed++) bytes += frameCost(this.#log.at(this.#confirmed));
    this.#count(-bytes);
  }

  /** What is not confirmed is to be sent again; with `isLost`, what is confirmed too. */
  rewind(isLost: boolean): void {
    if (isLost) {
      for (let index = this.#log.first; index < this.#confirmed; index++) this.#count(frameCost(this.#log.at(index)));
      this.#confirmed = this.#log.first;
    }
    this.#sent = this.#confirmed;
    this.#unsentBytes = 0;
    for (let index = this.#sent; index < this.#log.end; index++) this.#unsentBytes += wireBytes(this.#log.at(index));
  }

  /** Forgets the frames before this position, whatever their state. */
  forgetBefore(position: FramePosition): void {
    for (let index = this.#log.indexOf(position); this.#log.first < index;) this.#remove();
  }

  /** Lets the oldest confirmed frames go until no more than `bytes` are left. @returns how many went */
  evict(bytes: number): number {
    let evicted = 0;
    for (; this.#log.bytes > bytes && this.#log.first < this.#confirmed; evicted++) this.#remove();
    return evicted;
  }

  /** Lets the oldest frames go, confirmed or not, until no more than `bytes` are left; the newest stays. @returns how many went */
  drop(bytes: number): number {
    let dropped = 0;
    for (; this.#log.bytes > bytes && this.#log.end - this.#log.first > 1; dropped++) this.#remove();
    return dropped;
  }

  #remove(): void {
    const index = this.#log.first;
    const frame = this.#log.at(index);
    this.#onRetained(-this.#log.dropFirst());
    if (index >= this.#confirmed) {
      this.#confirmed = index + 1;
      this.#count(-frameCost(frame));
    }
    if (index >= this.#sent) {
      this.#sent = index + 1;
      this.#unsentBytes -= wireBytes(frame);
    }
    this.#onRemoved(frame);
  }

  #count(bytes: number): void {
    this.#inflightBytes += bytes;
    this.#onInflight(bytes);
  }
}
