// Retries what depends on another process.
import { setTimeout as delay } from 'node:timers/promises';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export interface RetryOptions {
  /** Ends the trying. */
  readonly signal: AbortSignal;
  /** Told of each failure. */
  readonly onFailure: (error: unknown, attempt: number) => void;
}

/** Waits. @returns false when the signal came first */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** How long to wait after so many failures in a row, in milliseconds: doubles up to a second. */
export function backOffMs(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 10), LONGEST_PAUSE_MS);
}

/** Calls `action` until it resolves. @returns its value, or undefined when the signal came first */
export async function retry<T>(
  action: () => Promise<T>,
  { signal, onFailure }: RetryOptions,
): Promise<{ readonly value: T } | undefined> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      return { value: await action() };
    } catch (error) {
      onFailure(error, failures + 1);
    }
    await pause(backOffMs(failures), signal);
  }
  return undefined;
}
