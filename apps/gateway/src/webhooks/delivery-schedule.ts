// When a delivery that failed is tried again: Standard Webhooks 1.0.0, "Deliverability and reliability".
import { randomInt } from 'node:crypto';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The pauses after the first attempt, the second, and so on: three days in all. */
export const RETRY_PAUSES_MS: readonly number[] = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  18 * HOUR_MS,
  22 * HOUR_MS,
];

/** Pauses vary by this fraction to either side, so that deliveries that failed together are not retried together. */
const JITTER = 0.1;
const RANDOM_STEPS = 1_000;

/**
 * @param attempts how many have failed
 * @param random from 0 to 1
 * @returns undefined when there is no further attempt
 */
export function retryPauseMs(
  attempts: number,
  random: number = randomInt(RANDOM_STEPS) / RANDOM_STEPS,
): number | undefined {
  const pause = RETRY_PAUSES_MS[attempts - 1];
  return pause === undefined ? undefined : Math.round(pause * (1 - JITTER + 2 * JITTER * random));
}

/** An endpoint is disabled when every attempt has failed for this long. */
export const DISABLE_AFTER_MS = 5 * 24 * HOUR_MS;
