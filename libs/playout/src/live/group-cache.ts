// The newest group of pictures of a stream: what a new viewer is sent first.
import type { ByteAccount } from './byte-budget.ts';
import type { LiveFrame } from './live-frame.ts';
import type { WireForm } from './wire-form.ts';

export interface GroupLimits {
  /** Bytes of one stream's group. */
  readonly maxBytes: number;
  /** From its first frame to its last, in 90 kHz ticks. */
  readonly maxSpan90k: number;
}

/** Bounded in bytes and time. A group that grows past its bounds is dropped: viewers then start with the next one. */
export class GroupCache {
  readonly #limits: GroupLimits;
  readonly #account: ByteAccount;
  #frames: LiveFrame[] = [];

  /** @param account what all groups of this process share */
  constructor(limits: GroupLimits, account: ByteAccount) {
    this.#limits = limits;
    this.#account = account;
  }

  /** The frames that a viewer starts with; empty when it must wait for the next group. */
  get frames(): readonly LiveFrame[] {
    return this.#frames;
  }

  add(frame: LiveFrame): void {
    if (frame.startsGroup) this.clear();
    else if (this.#frames.length === 0) return;
    frame.disown();
    const span90k = frame.dts90k - (this.#frames[0] ?? frame).dts90k;
    const isTooLong = span90k > this.#limits.maxSpan90k || this.#account.held + frame.cost > this.#limits.maxBytes;
    if (isTooLong || !this.#account.take(frame.cost)) this.clear();
    else this.#frames.push(frame);
  }

  /** Writes the kept frames in one more form, whose bytes count as well. */
  addForm(form: WireForm): void {
    for (const frame of this.#frames) {
      const before = frame.cost;
      frame.bytesFor(form);
      if (this.#account.held + frame.cost - before <= this.#limits.maxBytes && this.#account.take(frame.cost - before))
        continue;
      return this.clear();
    }
  }

  clear(): void {
    this.#frames = [];
    this.#account.release(this.#account.held);
  }

  close(): void {
    this.#frames = [];
    this.#account.close();
  }
}
