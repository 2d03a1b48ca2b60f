// A client that asks for 10,000 parts which are not there yet: what it costs, and who is served beside it. It runs in a process of its own,
// so that the memory of this one is the gateway's.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMemoryLiveStore, RENDITIONS } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PLAYBACK_CODE_LIMITS } from '../playback/playback-limits.ts';
import type { HoldingOrder } from '../testing/holding-client.ts';
import { SampleLowLatency } from '../testing/sample-low-latency.ts';
import { makeWorld } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const REQUESTS = 10_000;
/** As many requests on each connection: what HTTP/2 allows at once, and as many that HTTP/1.1 has sent ahead. */
const EACH = 100;
/** The default. */
const PER_ADDRESS = 2_000;
/** Less than the default, for the time that it takes. */
const PER_TENANT = 3_000;
/** Beyond the share of the tenant. */
const MORE = 5 * EACH;
/** So that nothing is answered before the part is there, however slow the machine is: requests are held for three times as long. */
const TARGET_DURATION_S = 30;
const PATIENCE = { timeout: 60_000 };
/** What a held request may cost. */
const MOST_BYTES_EACH = 16 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let postgres: TestPostgres;
let gateway: TestGateway;
let store: LiveStore;
let world: World;
let stream: SampleLowLatency;
let other: World;
let otherStream: SampleLowLatency;
let client: ChildProcess | undefined;

async function liveWorld(): Promise<readonly [World, SampleLowLatency]> {
  const made = await makeWorld(gateway);
  const begun = await SampleLowLatency.begin(store, made.streamId, RENDITIONS, TARGET_DURATION_S);
  for (let count = 0; count < 3; count++) await begun.addSegment();
  return [made, begun];
}

beforeAll(async () => {
  postgres = await TestPostgres.create();
  store = createMemoryLiveStore();
  const env = { MILLRACE_HLS_MAX_HELD_PER_TENANT: String(PER_TENANT) };
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), liveStore: store, env });
  [world, stream] = await liveWorld();
  [other, otherStream] = await liveWorld();
});
afterEach(async () => {
  client?.kill();
  await expect.poll(heldNow, PATIENCE).toBe(0);
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const metric = async (line: RegExp): Promise<number> => Number(line.exec(await gateway.metrics.text())?.[1] ?? 0);
const heldNow = (): Promise<number> => metric(/^millrace_playback_held (\d+)$/m);
/** By the gateway's own counter: on a connection of HTTP/1.1 these answers wait behind those of requests that are held. */
const refusedSoFar = (): Promise<number> =>
  metric(/^millrace_playback_denied_total\{reason="dependency_unavailable"\} (\d+)$/m);

async function heldBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

/** Starts the client, and waits until it has as many requests refused. @returns by how many bytes this process has grown */
async function hold(order: Pick<HoldingOrder, 'protocol' | 'addresses' | 'requests'>, held: number): Promise<number> {
  const [before, refused] = [await heldBytes(), await refusedSoFar()];
  client = fork(join(import.meta.dirname, '../testing/holding-client.ts'), { stdio: 'inherit' });
  const port = Number(new URL(gateway.url).port);
  client.send({ ...order, port, path: nextPart(world, stream), each: EACH } satisfies HoldingOrder);
  await expect.poll(refusedSoFar, PATIENCE).toBe(refused + order.requests - held);
  expect(await heldNow()).toBe(held);
  return (await heldBytes()) - before;
}

const nextPart = ({ playbackId }: World, { head, parts }: SampleLowLatency): string =>
  `/hls/${playbackId}/video.m3u8?_HLS_msn=${head}&_HLS_part=${parts}`;
const getFrom = (address: string, path: string): Promise<Response> =>
  fetch(gateway.url + path, { headers: { 'x-forwarded-for': address } });

describe('10,000 requests that wait', () => {
  it.each(['http1', 'http2'] as const)(
    'of one address over %s: it has its share, others are served',
    async (protocol) => {
      const grown = await hold({ protocol, addresses: 1, requests: REQUESTS }, PER_ADDRESS);
      expect(grown / PER_ADDRESS).toBeLessThan(MOST_BYTES_EACH);
      const good = getFrom('198.51.100.7', nextPart(world, stream));
      await expect.poll(heldNow, PATIENCE).toBe(PER_ADDRESS + 1);
      await stream.addPart();
      expect((await good).status).toBe(200);
      await expect.poll(heldNow, PATIENCE).toBe(0);
    },
  );

  it('of many addresses for streams of one tenant: it has its share, another tenant is served', async () => {
    const grown = await hold({ protocol: 'http2', addresses: 5, requests: PER_TENANT + MORE }, PER_TENANT);
    expect(grown / PER_TENANT).toBeLessThan(MOST_BYTES_EACH);
    const good = getFrom('198.51.100.7', nextPart(other, otherStream));
    await expect.poll(heldNow, PATIENCE).toBe(PER_TENANT + 1);
    await otherStream.addPart();
    expect((await good).status).toBe(200);
  });

  it('are not held when they are large', async () => {
    const headers = { cookie: 'x'.repeat(PLAYBACK_CODE_LIMITS.maxHeldRequestBytes) };
    const answer = await fetch(gateway.url + nextPart(world, stream), { headers });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'invalid_request']);
    expect((await fetch(`${gateway.url}/hls/${world.playbackId}/video.m3u8?_HLS_msn=1`, { headers })).status).toBe(200);
  });
});
