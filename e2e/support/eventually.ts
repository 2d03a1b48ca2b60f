// Waits for what will be true, asking again and again; there is no other wait in the end-to-end tests.
import { setTimeout as delay } from 'node:timers/promises';

/**
 * @param what for the error message
 * @param ask its first answer that is not undefined, null or false is the result; an error counts as "not yet"
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T> | T,
  timeoutMs = 30_000,
  intervalMs = 100,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== null && answer !== false)
        return answer as Exclude<T, undefined | null | false>;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: last });
    await delay(intervalMs);
  }
}
