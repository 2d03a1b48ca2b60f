// What a gateway still holds of what it was sent, in bytes: a peer chooses how long its headers and addresses are.
import { newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { Agent, request } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SampleStream } from '../testing/sample-stream.ts';
import { makeWorld } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const REQUESTS = 600;
const AT_ONCE = 8;
const LONG = 'x'.repeat(15_000);
/** A third of what was sent. */
const MOST_BYTES = (REQUESTS * LONG.length) / 3;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let postgres: TestPostgres;
let gateway: TestGateway;
let store: LiveStore;
let world: World;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

beforeAll(async () => {
  postgres = await TestPostgres.create();
  store = createMemoryLiveStore();
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), liveStore: store });
  world = await makeWorld(gateway);
  await (await SampleStream.begin(store, world.streamId)).add();
});
afterAll(async () => {
  agent.destroy();
  await gateway.close();
  await postgres.remove();
});

const statusOf = (path: string, userAgent: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const asked = request(gateway.url + path, { agent, headers: { 'user-agent': userAgent } }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    });
    asked.on('error', reject).end();
  });

/** What the last requests still hold is let go a turn later. */
async function heldBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

/** Sends many requests. @returns by how much the heap has grown, and the answers */
async function flood(requestOf: (n: number) => { path: string; userAgent: string }) {
  const statuses = new Set<number | undefined>();
  const send = async (first: number, end: number): Promise<void> => {
    for (let n = first; n < end; n += AT_ONCE) {
      const batch = Array.from({ length: AT_ONCE }, (_, i) => requestOf(n + i));
      const answers = await Promise.all(batch.map(({ path, userAgent }) => statusOf(path, userAgent)));
      for (const status of answers) statuses.add(status);
    }
  };
  // The first ones load and compile what they need.
  await send(0, 4 * AT_ONCE);
  const before = await heldBytes();
  await send(4 * AT_ONCE, REQUESTS);
  return { grown: (await heldBytes()) - before, statuses: [...statuses] };
}

describe('nothing of what a client sends is kept, whatever its length', () => {
  it.each([
    [
      'a User-Agent, with no playback id',
      (n: number) => ({ path: '/hls/x/index.m3u8', userAgent: `${n}${LONG}` }),
      404,
    ],
    [
      'a User-Agent, with a playback id in use',
      (n: number) => ({ path: `/hls/${world.playbackId}/index.m3u8`, userAgent: `${n}${LONG}` }),
      200,
    ],
    [
      'an address that names an unknown playback id',
      (n: number) => ({ path: `/hls/${newId('pbk')}/index.m3u8?${n}${LONG}`, userAgent: 'x' }),
      404,
    ],
    [
      'an address that names an unknown segment',
      (n: number) => ({ path: `/hls/${world.playbackId}/${n + 100}-0a.ts?${LONG}`, userAgent: 'x' }),
      404,
    ],
  ])('%s', async (_, requestOf, status) => {
    const { grown, statuses } = await flood(requestOf);
    expect(statuses).toEqual([status]);
    expect(grown).toBeLessThan(MOST_BYTES);
  });
});
