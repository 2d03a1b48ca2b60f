// Joins the connection of a client and that of its peer: what comes from the one goes to the other, as fast as that reads.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SPLICE_STEP_BYTES } from '../allocation/tcp-relay.ts';
import type { StreamMeter } from '../allocation/tcp-relay.ts';

/** How long a side rests that is over its bandwidth. */
const REST_MS = 50;

/** Resolves when both directions have ended; then both sockets are gone. */
export async function splice(client: Socket, peer: Socket, meter: StreamMeter): Promise<void> {
  const directions = [
    pump(client, peer, (bytes) => meter.toPeer(bytes)),
    pump(peer, client, (bytes) => meter.toClient(bytes)),
  ];
  // One that has only ended may still be written to; one that is gone takes the other with it, after what was written to that.
  for (const [gone, other] of [
    [client, peer],
    [peer, client],
  ] as const)
    gone.once('close', () => other.end(() => other.destroy()));
  await Promise.allSettled(directions);
  client.destroy();
  peer.destroy();
}

async function pump(from: Socket, to: Socket, mayGo: (bytes: number) => boolean): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += SPLICE_STEP_BYTES) {
        const step = chunk.subarray(at, at + SPLICE_STEP_BYTES);
        while (!mayGo(step.length)) {
          await delay(REST_MS);
          if (to.destroyed) return;
        }
        if (!to.write(step)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
        if (to.destroyed) return;
      }
    }
  } finally {
    to.end();
  }
}
