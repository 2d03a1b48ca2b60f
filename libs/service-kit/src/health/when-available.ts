// Starts without what a service depends on: it waits, is not ready, and says what for. The order in which things start does not matter.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logging/logger.ts';
import type { Readiness } from './readiness.ts';

const RETRY_MS = 1_000;

export interface Dependency {
  /** The readiness check that fails meanwhile: `frame_bus`, for example. */
  readonly check: string;
  /** What it is called in logs and in the check: `NATS`. */
  readonly name: string;
  readonly readiness: Readiness;
  readonly logger: Logger;
}

/**
 * Tries to open a dependency until that succeeds.
 *
 * @param isAway whether an error means that it cannot be reached now; any other error is thrown
 */
export async function whenAvailable<T>(
  { check, name, readiness, logger }: Dependency,
  open: () => Promise<T>,
  isAway: (error: unknown) => boolean,
): Promise<T> {
  const reached = readiness.add(check, () => `waiting for ${name}`);
  let hasWaited = false;
  for (;;) {
    try {
      const opened = await open();
      reached();
      if (hasWaited) logger.info(`${name} is available`);
      return opened;
    } catch (error) {
      if (!isAway(error)) throw error;
      if (!hasWaited) logger.warn({ err: error }, `cannot reach ${name}; not ready until it is available`);
      hasWaited = true;
    }
    await delay(RETRY_MS);
  }
}
