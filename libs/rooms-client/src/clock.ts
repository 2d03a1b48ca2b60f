/** Time as this library sees it; tests bring their own. */
export interface ClientClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs something once, later. @returns what cancels it */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: ClientClock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** A number in [0, 1), for jitter. */
export type Random = () => number;

export const systemRandom: Random = () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
