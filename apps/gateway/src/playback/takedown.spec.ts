// What is taken down is not played any more, on any gateway, within a second.
import { createMemoryLiveStore } from '@millrace/live-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SampleStream } from '../testing/sample-stream.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';

const PROMISED_MS = 1_000;
const ATTEMPTS = 3;

let postgres: TestPostgres;
let gateways: readonly TestGateway[];
let world: World;
let segment: string;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  const shared = { databaseUrl: postgres.url(), liveStore: createMemoryLiveStore() };
  gateways = [await TestGateway.start(shared), await TestGateway.start(shared)];
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  await postgres.remove();
});

/** What every gateway answers for the playlists and a segment. */
async function statuses(): Promise<readonly number[]> {
  const paths = ['index.m3u8', 'master.m3u8', segment].map((file) => `/hls/${world.playbackId}/${file}`);
  return Promise.all(
    gateways.flatMap((gateway) => paths.map(async (path) => (await gateway.call('GET', path, { key: '' })).status)),
  );
}

const all = (status: number): readonly number[] => Array.from({ length: 6 }, () => status);

async function watched(): Promise<void> {
  world = await makeWorld(gateways[0]!);
  const stream = await SampleStream.begin(gateways[0]!.liveStore, world.streamId);
  segment = await stream.add();
  await until('every gateway plays it', async () => String(await statuses()) === String(all(200)));
}

/** Takes something down, and asks until no gateway plays it. @returns how long that took, in milliseconds */
async function timeUntil(status: number, takeDown: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await takeDown();
  await until(`all answer ${status}`, async () => String(await statuses()) === String(all(status)));
  return performance.now() - startedAtMs;
}

const operator = (method: string, path: string) => gateways[0]!.ok(method, path);

describe.each([
  ['a disabled stream', 403, () => operator('POST', `/v1/live_streams/${world.streamId}/disable`)],
  ['a suspended tenant', 403, () => operator('POST', `/v1/tenants/${world.tenantId}/suspend`)],
  [
    'a deleted playback id',
    404,
    () => operator('DELETE', `/v1/live_streams/${world.streamId}/playback_ids/${world.playbackId}`),
  ],
  ['a deleted stream', 404, () => operator('DELETE', `/v1/live_streams/${world.streamId}`)],
  ['a deleted tenant', 404, () => operator('DELETE', `/v1/tenants/${world.tenantId}?purge=true`)],
])('%s', (what, status, takeDown) => {
  it(`is answered ${status} by every gateway within a second`, async () => {
    const times: number[] = [];
    do {
      await watched();
      times.push(await timeUntil(status, takeDown));
    } while (times.at(-1)! > PROMISED_MS && times.length < ATTEMPTS);
    console.log(`${what}: not played any more after ${times.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`);
    expect(times.at(-1)).toBeLessThanOrEqual(PROMISED_MS);
  });
});

it('says why, and is played again when that is undone', async () => {
  await watched();
  await timeUntil(403, () => operator('POST', `/v1/live_streams/${world.streamId}/disable`));
  const { body, headers } = await gateways[1]!.call('GET', `/hls/${world.playbackId}/index.m3u8`, { key: '' });
  expect(body).toMatchObject({ code: 'playback_disabled', detail: 'This stream is disabled.' });
  expect(headers.get('cache-control')).toBe('no-store');
  await operator('POST', `/v1/live_streams/${world.streamId}/enable`);
  await until('it is played again', async () => String(await statuses()) === String(all(200)));
});
