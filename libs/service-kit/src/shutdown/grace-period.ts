// How long a stop may take in all: what an orchestrator has to grant before it kills.
import { LONGEST_TIMER_MS } from '../config/setting-schemas.ts';

/** The times that stops of all services are made of, in milliseconds. */
export interface StopTimes {
  /** The door stays open for this long; not for a service without a door. */
  readonly drainReadinessLagMs?: number;
  /** For everything after the drain. */
  readonly stopGraceMs: number;
}

/**
 * The readiness lag, the times of the service's own drain, and the grace for what comes after it. A supervisor that kills
 * (`terminationGracePeriodSeconds`, `stop_grace_period`) has to wait longer than this.
 *
 * @param drainMs the longest that each part of the drain takes, in milliseconds
 */
export function gracePeriodMs(times: StopTimes, ...drainMs: readonly number[]): number {
  const total = drainMs.reduce((sum, ms) => sum + ms, (times.drainReadinessLagMs ?? 0) + times.stopGraceMs);
  return Math.min(total, LONGEST_TIMER_MS);
}
