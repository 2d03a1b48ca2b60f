// One timer for all publishers of a bus: batches that are due at about the same time leave in the same write.

export interface BatchSource {
  /** Sends what waits. */
  send(): void;
}

/** Calls `send` of every source that asked, at most `waitMs` after it did. */
export class BatchClock {
  readonly #waitMs: number;
  #due: BatchSource[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /** Asks for one call of `send`. */
  add(source: BatchSource): void {
    this.#due.push(source);
    this.#timer ??= setTimeout(() => this.#fire(), this.#waitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#due = [];
  }

  #fire(): void {
    const due = this.#due;
    this.#due = [];
    this.#timer = undefined;
    for (const source of due) source.send();
  }
}
