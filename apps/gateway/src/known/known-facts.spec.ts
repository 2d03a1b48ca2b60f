// What is remembered follows what is changed, also when Redis was away at that moment.
import { createRedisLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { startRedisServer } from '@millrace/live-store/testing';
import type { RedisServer } from '@millrace/live-store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KeyHasher } from '../auth/key-hasher.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

let postgres: TestPostgres;
let redis: RedisServer;
let store: LiveStore;
let gateway: TestGateway;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  redis = await startRedisServer();
  store = await createRedisLiveStore({ url: redis.url, maxReconnectDelayMs: 50 });
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), liveStore: store });
});
afterAll(async () => {
  await gateway.close();
  await store.close();
  await redis.stop();
  await postgres.remove();
});

it('a key that is revoked while Redis is away is cut at once, and remembered as revoked when Redis is back', async () => {
  const world = await makeWorld(gateway);
  const claim = await publish(gateway, world.streamKey);
  const record = `key:${gateway.app.get(KeyHasher, { strict: false }).hash(world.streamKey).toString('hex')}`;
  const remembered = async (): Promise<unknown> => {
    const text = await store.recall(record);
    return text === undefined ? undefined : (JSON.parse(text) as { revoked: boolean }).revoked;
  };
  await until('the key is remembered', async () => (await remembered()) === false);

  await redis.kill();
  const path = `/v1/live_streams/${world.streamId}/stream_keys/${world.streamKeyId}`;
  expect((await gateway.call('DELETE', path)).status).toBe(204);
  expect(gateway.ears.heard.cuts).toContainEqual(
    expect.objectContaining({ streamId: world.streamId, streamKeyId: world.streamKeyId, reason: 'key_revoked' }),
  );

  await redis.start();
  await until('the store is back', () => store.isReady());
  await until('the revocation is remembered', async () => (await remembered()) === true);
  // The edge puts its claim back into the empty store; the reconciler finds it there.
  await store.renewClaims([claim]);
  await until('the claim is cut', async () => (await store.renewClaims([claim]))[0] === 'key_revoked');
});
