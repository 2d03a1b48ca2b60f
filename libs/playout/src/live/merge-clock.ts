// When collected frames are written: those of all streams of a process at one time, so that it wakes once for all of them.

/**
 * How long frames wait for each viewer of the process, in milliseconds. What merging saves are writes, one for each frame and viewer: few
 * viewers do not wait long for little.
 */
const MS_PER_VIEWER = 0.5;

/** Something that has collected frames. */
export interface Collecting {
  /** Writes what it has collected. */
  flush(): void;
}

export class MergeClock {
  readonly #maxMs: number;
  readonly #viewers: () => number;
  readonly #waiting = new Set<Collecting>();
  #timer: NodeJS.Timeout | undefined;

  /** @param maxMs how long frames wait at most; 0: not at all. @param viewers of the process */
  constructor(maxMs: number, viewers: () => number) {
    this.#maxMs = maxMs;
    this.#viewers = viewers;
  }

  /** Has it flushed: at once, or with all others. */
  schedule(collecting: Collecting): void {
    const waitMs = Math.min(this.#maxMs, this.#viewers() * MS_PER_VIEWER);
    if (waitMs < 1) return collecting.flush();
    this.#waiting.add(collecting);
    this.#timer ??= setTimeout(() => this.#flush(), waitMs);
  }

  /** It has nothing collected any more. */
  forget(collecting: Collecting): void {
    if (!this.#waiting.delete(collecting) || this.#waiting.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #flush(): void {
    this.#timer = undefined;
    for (const collecting of [...this.#waiting]) collecting.flush();
  }
}
