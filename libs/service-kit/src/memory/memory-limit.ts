// How much memory this process may use: what its container allows, as cgroups say it.
import { totalmem } from 'node:os';

/** Without a container, others run beside this process: it counts on this part of the machine's memory. */
const PART_OF_MACHINE = 1 / 2;

/**
 * @param constrained the limit of the cgroup, of either version, in bytes; 0, or more than there is, where it has none
 * @param total memory of the machine in bytes
 */
export function memoryLimitBytes(constrained = process.constrainedMemory(), total = totalmem()): number {
  return constrained > 0 && constrained < total ? constrained : total * PART_OF_MACHINE;
}
