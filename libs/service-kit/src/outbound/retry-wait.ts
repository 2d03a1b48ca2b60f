// How long to wait before another server is connected to again.
import { randomInt } from 'node:crypto';

/** Waits are longer or shorter by so much, so that what failed together is not tried together. */
const JITTER = 0.2;

/** In milliseconds. @param failures in a row, before this one; Infinity: the longest wait */
export function retryWaitMs(
  failures: number,
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
): number {
  const waitMs = Math.min(maxMs, minMs * 2 ** Math.min(failures, 30));
  const spreadMs = Math.floor(waitMs * JITTER);
  return waitMs - spreadMs + randomInt(2 * spreadMs + 1);
}
