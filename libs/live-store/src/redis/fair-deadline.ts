// A deadline for a reply that does not count the time in which this process could not read it.

/** The time is measured in so many steps: one that ends late counts as one all the same. */
const STEPS = 8;

/**
 * Timers come before input in Node.js' event loop: after a pause of the whole process, for want of CPU or by a long piece of work, a plain
 * timeout expires although the answer has been there for long. Here such a pause counts as one step of eight, and what has arrived by the
 * end of the last step is read before the deadline is over.
 */
export class FairDeadline {
  readonly #stepMs: number;
  readonly #expired: () => void;
  #stepsLeft = STEPS;
  #timer: NodeJS.Timeout;
  #lastLook: NodeJS.Immediate | undefined;

  constructor(ms: number, expired: () => void) {
    this.#stepMs = ms / STEPS;
    this.#expired = expired;
    this.#timer = setTimeout(() => this.#step(), this.#stepMs);
  }

  /** The answer is there. */
  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#lastLook);
  }

  #step(): void {
    if (--this.#stepsLeft > 0) this.#timer = setTimeout(() => this.#step(), this.#stepMs);
    else this.#lastLook = setImmediate(() => this.#expired());
  }
}
