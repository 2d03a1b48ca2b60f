// Which servers the bus is good with.

/**
 * The oldest NATS whose JetStream goes on when its disk is full: 2.9.10, as Debian has it, hangs for good. Older ones than this
 * were not tried.
 */
export const MINIMUM_NATS_VERSION = '2.10.25';

/** Whether a server says that it is at least of the version. What is behind the numbers, as in `2.11.0-RC.1`, does not count. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [given, wanted] = [version, minimum].map((text) => text.split(/[.-]/, 3).map(Number));
  for (const [index, number] of wanted!.entries()) {
    const difference = (given![index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
