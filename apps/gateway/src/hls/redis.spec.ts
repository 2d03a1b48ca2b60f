// The HLS origin over Redis: few reads, and viewers that notice little when Redis is gone, empty, or back to what it was.
import { createRedisLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { startRedisServer } from '@millrace/live-store/testing';
import type { RedisServer } from '@millrace/live-store/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SampleStream, sampleSegmentBytes } from '../testing/sample-stream.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

let postgres: TestPostgres;
let redis: RedisServer;
let store: LiveStore;
let gateway: TestGateway;
let world: World;
let stream: SampleStream;
let databases = 0;

beforeAll(async () => {
  postgres = await TestPostgres.create();
});
afterAll(() => postgres.remove());
beforeEach(async () => {
  redis = await startRedisServer();
  store = await createRedisLiveStore({ url: redis.url, maxReconnectDelayMs: 50 });
  const databaseUrl = await postgres.createDatabase(`redis_${databases++}`);
  gateway = await TestGateway.start({
    databaseUrl,
    liveStore: store,
    env: { MILLRACE_HLS_WAIT_MS: '1000', MILLRACE_HLS_STALE_MS: '2000' },
  });
  world = await makeWorld(gateway);
  stream = await SampleStream.begin(store, world.streamId);
  await stream.add();
});
afterEach(async () => {
  await gateway.close();
  await store.close();
  await redis.stop();
});

const get = (name: string) => fetch(`${gateway.url}/hls/${world.playbackId}/${name}`);
const text = async (): Promise<string> => (await get('index.m3u8')).text();
describe('over Redis', () => {
  it('a segment is read once, however many ask at the same time, and later ones get it from memory', async () => {
    const reads = vi.spyOn(store, 'readSegment');
    const answers = await Promise.all(Array.from({ length: 20 }, () => get('0-0a.ts')));
    for (const answer of answers)
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from(sampleSegmentBytes(0)));
    await get('0-0a.ts');
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it('a playlist is read once per version, and a new version is seen at once', async () => {
    await text();
    const reads = vi.spyOn(store, 'readPlaylistText');
    for (let i = 0; i < 3; i++) {
      await stream.add();
      const { text: newest } = stream.playlist();
      await until('the new version', async () => (await text()) === newest);
    }
    const before = reads.mock.calls.length;
    await Promise.all(Array.from({ length: 50 }, text));
    expect(reads.mock.calls.length - before).toBeLessThanOrEqual(1);
  });

  it('the last playlist and cached segments are still served while Redis is gone; then new ones', async () => {
    const shown = await text();
    await get('0-0a.ts');
    await redis.kill();
    expect([await text(), (await get('0-0a.ts')).status]).toEqual([shown, 200]);
    const missing = await get('5-0a.ts');
    expect([missing.status, missing.headers.get('retry-after')]).toEqual([503, '1']);
    await until('it gives up', async () => (await get('index.m3u8')).status === 503);
    await redis.start();
    await until('the store is back', () => store.isReady());
    stream = await SampleStream.begin(store, world.streamId);
    await stream.add();
    await until('the playlist is back', async () => (await text()) === stream.playlist().text);
  });

  it('an emptied Redis does not show until it was filled again', async () => {
    for (let i = 0; i < 3; i++) await stream.add();
    const shown = await text();
    await redis.restart();
    await until('the store is back', () => store.isReady());
    expect(await text()).toBe(shown);
    // A packager starts from what it knows: here, from an older state than viewers have seen.
    const rebuilt = await SampleStream.begin(store, world.streamId);
    await rebuilt.add();
    expect(await text()).toBe(shown);
    for (let i = 0; i < 4; i++) await rebuilt.add();
    await until('it goes on', async () => (await text()) === rebuilt.playlist().text);
  });

  it('readiness tells that Redis is away', async () => {
    expect(gateway.readiness.report().ready).toBe(true);
    await redis.kill();
    await until('it is told', () => !gateway.readiness.report().ready);
  });
});
