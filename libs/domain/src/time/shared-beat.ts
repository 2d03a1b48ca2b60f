// Repeated work whose times coincide, so that an idle process wakes up a few times a second and not once for each of its parts.

/** What is repeated until it is stopped. It does not keep the process running. */
export interface Beat {
  /** Idempotent. */
  stop(): void;
}

/**
 * Calls `beat` at the multiples of `intervalMs` on the process's monotonic clock, which begins with the process: parts with the same interval,
 * or a multiple of it, share a wake-up, and two processes do not act at the same moment. Times that were missed are left out.
 *
 * @param beat is told how late it is, in milliseconds: other work has held up the process for so long
 */
export function onSharedBeat(intervalMs: number, beat: (lateMs: number) => void): Beat {
  let dueAtMs = nextMultiple(performance.now(), intervalMs);
  let timer = arm();

  function arm(): NodeJS.Timeout {
    // A timer counts whole milliseconds, and rounds down.
    return setTimeout(fire, Math.ceil(dueAtMs - performance.now())).unref();
  }

  function fire(): void {
    const nowMs = performance.now();
    // The loop's clock may be a fraction ahead of this one.
    const lateMs = Math.max(0, nowMs - dueAtMs);
    dueAtMs = nextMultiple(Math.max(dueAtMs, nowMs), intervalMs);
    timer = arm();
    beat(lateMs);
  }

  return { stop: () => clearTimeout(timer) };
}

const nextMultiple = (nowMs: number, intervalMs: number): number => (Math.floor(nowMs / intervalMs) + 1) * intervalMs;
