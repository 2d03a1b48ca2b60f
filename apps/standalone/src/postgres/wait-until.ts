import { setTimeout as delay } from 'node:timers/promises';

const INTERVAL_MS = 20;

/** Asks again and again until the answer is true. @returns false when `timeoutMs` went by before that */
export async function waitUntil(isDone: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!isDone()) {
    if (performance.now() > deadline) return false;
    await delay(INTERVAL_MS);
  }
  return true;
}
