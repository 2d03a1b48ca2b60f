import { freePort } from '@millrace/standalone/postgres';

/** That many different TCP ports of 127.0.0.1 that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}
