// Time as the packager sees it; tests have their own.

export interface Clock {
  /** Never goes back and is not set: for intervals. Milliseconds. */
  monotonicMs(): number;
  /** Milliseconds since 1970: for what is shown to people. */
  wallMs(): number;
}

export const systemClock: Clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
