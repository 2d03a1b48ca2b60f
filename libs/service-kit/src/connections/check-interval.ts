const SHORTEST_MS = 1_000;
/** A timeout is this part of itself late, at most. */
const PARTS = 2;

/**
 * How often an HTTP server looks for requests that take longer than `timeoutMs`. It wakes the process each time, also where there are no
 * connections, so the longer the timeout, the less often.
 */
export const checkIntervalMs = (timeoutMs: number): number => Math.max(SHORTEST_MS, Math.floor(timeoutMs / PARTS));
