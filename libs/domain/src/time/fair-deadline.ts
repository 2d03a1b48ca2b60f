// A deadline for a reply that does not count the time in which this process could not read it.

/** The time is measured in this many steps: one that ends late counts as one all the same. */
const STEPS = 8;

/**
 * Timers come before input in Node.js' event loop: after a pause of the whole process, for want of CPU or by a long piece of work, a plain
 * timeout expires although the answer arrived long ago. Here such a pause counts as one step of eight, and what has arrived by the
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

/**
 * The answer, if it arrives within `ms`.
 *
 * @param late the error when it does not
 * @throws what `late` makes, or the answer's own error
 */
export function withinDeadline<T>(answer: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const deadline = new FairDeadline(ms, () => reject(late()));
    answer.then(
      (value) => {
        deadline.clear();
        resolve(value);
      },
      (error: Error) => {
        deadline.clear();
        reject(error);
      },
    );
  });
}
