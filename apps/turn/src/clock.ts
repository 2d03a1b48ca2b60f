// The two clocks of the server: lifetimes run by one that no administrator sets, expiry dates mean the other.
export interface TurnClock {
  /** Milliseconds; never goes back, and is the same in every thread of a machine. */
  nowMs(): number;
  /** Milliseconds since 1970. */
  wallMs(): number;
}

const NS_PER_MS = 1e6;

export function systemClock(): TurnClock {
  // `performance.now()` counts from each thread's own start.
  const offsetMs = Number(process.hrtime.bigint()) / NS_PER_MS - performance.now();
  return { nowMs: () => performance.now() + offsetMs, wallMs: () => Date.now() };
}
