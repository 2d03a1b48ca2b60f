// How many watch, counted over two gateways with one Redis between them.
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { createRedisLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { startRedisServer } from '@millrace/live-store/testing';
import type { RedisServer } from '@millrace/live-store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FlvPlayer } from '../testing/flv-player.ts';
import { SampleStream } from '../testing/sample-stream.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const env = { MILLRACE_KEY_PEPPER: 'the same pepper on every gateway' };

let postgres: TestPostgres;
let redis: RedisServer;
let frameBus: FrameBus;
let stores: readonly LiveStore[];
let gateways: readonly TestGateway[];
let world: World;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([TestPostgres.create(), startRedisServer()]);
  frameBus = createMemoryFrameBus();
  stores = [await createRedisLiveStore({ url: redis.url }), await createRedisLiveStore({ url: redis.url })];
  const start = (liveStore: LiveStore): Promise<TestGateway> =>
    TestGateway.start({ databaseUrl: postgres.url(), liveStore, frameBus, env });
  gateways = [await start(stores[0]!), await start(stores[1]!)];
  world = await makeWorld(gateways[0]!);
  await (await SampleStream.begin(stores[0]!, world.streamId)).add();
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  for (const store of stores) await store.close();
  await frameBus.close();
  await redis.stop();
  await postgres.remove();
});

const poll = async (gateway: TestGateway, player: string, playbackId = world.playbackId): Promise<void> => {
  const headers = { 'user-agent': player };
  const { status } = await gateway.call('GET', `/hls/${playbackId}/index.m3u8`, { key: '', headers });
  expect(status).toBe(200);
};

/** What every gateway says, by REST and on the watch page. */
async function counts(): Promise<unknown[]> {
  const answers = gateways.map(async (gateway) => {
    const all = await gateway.ok('GET', `/v1/live_streams/${world.streamId}/viewers`, { key: world.apiKey });
    const info = await gateway.ok('GET', `/watch/${world.playbackId}/info`, { key: '' });
    return [all['viewers'], info['viewers']];
  });
  return (await Promise.all(answers)).flat();
}

const become = (what: string, wanted: readonly number[]): Promise<unknown> =>
  until(what, async () => String(await counts()) === String(wanted));

it('counts a viewer once, whichever gateways it asks, and sums up the playback ids of a stream', async () => {
  const [a, b] = [gateways[0]!, gateways[1]!];
  expect(await counts()).toEqual([0, 0, 0, 0]);
  // A balancer without affinity sends each request of a player elsewhere.
  for (const gateway of [a, b, a, b]) await poll(gateway, 'player 1');
  await poll(a, 'player 2');
  await poll(b, 'player 3');
  await become('three players count', [3, 3, 3, 3]);
  const second = await a.ok('POST', `/v1/live_streams/${world.streamId}/playback_ids`, { key: world.apiKey, body: {} });
  await poll(b, 'player 1', String(second['id']));
  await become('one of another playback id too', [4, 3, 4, 3]);
  const all = await b.ok('GET', `/v1/live_streams/${world.streamId}/viewers`, { key: world.apiKey });
  expect(all).toEqual({
    live_stream_id: world.streamId,
    viewers: 4,
    playback_ids: [
      { id: world.playbackId, viewers: 3 },
      { id: second['id'], viewers: 1 },
    ],
  });

  const { epoch } = await publish(a, world.streamKey);
  const publisher = frameBus.openPublisher(world.streamId, epoch);
  for (const [i, flags] of [FrameFlag.configuration, FrameFlag.keyframe].entries())
    publisher.publish({
      kind: FrameKind.video,
      codec: Codec.h264,
      flags,
      epoch,
      sequence: i + 1,
      dts90k: i * 3_600,
      compositionOffset90k: 0,
      payload: Uint8Array.of(1),
    });
  const players = await Promise.all(
    gateways.map((gateway) => FlvPlayer.http(`${gateway.url}/live/${world.playbackId}.flv`)),
  );
  await become('connections count, on whichever gateway they are', [6, 5, 6, 5]);
  for (const player of players) player.close();
  await become('and no more once they are closed', [4, 3, 4, 3]);
});
