// One timer for all publishers of a bus: batches that are due at about the same time leave in the same write.

export interface BatchSource {
  /** Sends what waits. */
  send(): void;
}

/** Calls `send` of every source that asked, at most `waitMs` after it did. */
export class BatchClock {
  readonly #waitMs: number;
  #due = new Set<BatchSource>();
  #timer: NodeJS.Timeout | undefined;

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /** Asks for one call of `send`. */
  add(source: BatchSource): void {
    this.#due.add(source);
    this.#timer ??= setTimeout(() => this.#fire(), this.#waitMs);
  }

  /** It has sent meanwhile. Where nothing else waits, the process is not woken. */
  remove(source: BatchSource): void {
    if (this.#due.delete(source) && this.#due.size === 0) this.stop();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due.clear();
  }

  #fire(): void {
    const due = this.#due;
    this.#due = new Set();
    this.#timer = undefined;
    for (const source of due) source.send();
  }
}
