// Ports for servers that start later. Every process takes them from blocks of its own, so that tests can run side by side.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections: one of those would be in the way when a server starts. */
const FIRST_BLOCK = 100;
const LAST_BLOCK = 319;
export const BLOCK_SIZE = 100;

/** The last port of a block is listened on for as long as this process lives: by that others see that it is taken. */
const MARKER = BLOCK_SIZE - 1;

let left: number[] = [];

/** That many different TCP ports that are free now, and that no other process is given. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = left.shift();
    if (port === undefined) {
      const first = await portBlock();
      left = Array.from({ length: MARKER }, (_, i) => first + i);
    } else if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** @returns the first of `BLOCK_SIZE` ports that are for this process alone, but for the last one */
export async function portBlock(): Promise<number> {
  for (;;) {
    const first = randomInt(FIRST_BLOCK, LAST_BLOCK + 1) * BLOCK_SIZE;
    if (await listens(first + MARKER, true)) return first;
  }
}

const isFree = (port: number): Promise<boolean> => listens(port, false);

/** @returns whether this process could listen on the port, on all addresses; it still does when it is to keep it */
function listens(port: number, keep: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy()).unref();
    server.once('error', () => resolve(false));
    server.listen(port, () => {
      if (keep) resolve(true);
      else server.close(() => resolve(true));
    });
  });
}
