// What Node.js is told when it runs a service; the image's CMD says the same.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Frames and segments live outside V8's heap. By default V8 marks its whole heap each time another 64 MB of them were made,
 * which with 50 streams is every two seconds and the largest single cost. With this it waits until they have grown by a part
 * of what is alive, and that part is twice as large as it, not half: a collection costs the same however rarely it comes (docs/performance-experiments.md).
 *
 * That `node:ffi`, which the relay uses, is experimental is known (docs/decisions/0099): an operator can do nothing about the warning.
 */
export const SERVICE_NODE_ARGUMENTS = [
  '--enable-source-maps',
  '--external-memory-accounted-in-global-limit',
  '--heap-growing-percent=200',
  '--disable-warning=ExperimentalWarning',
];

/**
 * Settings from `.env` in a folder, where there is one. What the environment sets already takes precedence.
 *
 * @param {string} folder
 * @returns {string[]}
 */
export function envFileArguments(folder) {
  const file = join(folder, '.env');
  return existsSync(file) ? [`--env-file=${file}`] : [];
}
