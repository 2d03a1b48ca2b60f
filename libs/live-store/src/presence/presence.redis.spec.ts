import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRedisServer } from '../testing/redis-server.ts';
import type { RedisServer } from '../testing/redis-server.ts';
import { enter, sampleProfile, sampleRoom } from './contract/presence-harness.ts';
import { presenceContract } from './presence.contract.ts';
import { createRedisPresence } from './presence.redis.ts';
import type { PresenceStore } from './presence-store.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

presenceContract('Redis', async (limits) => {
  const keyPrefix = `test-${randomUUID()}`;
  const opened: PresenceStore[] = [];
  return {
    open: async () => {
      const options = { outageMs: 3_600_000, ...limits, url: server.url, keyPrefix, timeoutMs: 5_000 };
      const store = await createRedisPresence(options);
      opened.push(store);
      return store;
    },
    until: async (condition) => {
      const deadline = Date.now() + 15_000;
      while (!(await condition())) {
        if (Date.now() > deadline) throw new Error('the condition never held');
        await wait(5);
      }
    },
    close: async () => {
      await Promise.all(opened.map((store) => store.close()));
    },
  };
});

it('does each step in one slot of a cluster, and leaves nothing behind', async () => {
  const cluster = await startRedisServer(['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf']);
  const admin = new Redis(cluster.url);
  await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
  let info = '';
  while (!info.includes('cluster_state:ok')) info = String(await admin.cluster('INFO'));
  const store = await createRedisPresence({ url: cluster.url, emptyRoomMs: 0, rememberMs: 1_000, timeoutMs: 5_000 });
  const room = sampleRoom();
  const ada = await enter(store, room, { profile: sampleProfile(room, { identity: '*}:x' }) });
  const bob = await enter(store, room);
  await store.post(ada.seat, bob.seat.participantId, 'x');
  await store.renew('pod-a', [{ seat: ada.seat, acknowledged: 1 }]);
  const id = '[a-z]+_[0-9a-z]{26}';
  const known = new RegExp(
    `^millrace:\\{rooms\\}:(due|closing|swept|(room|par|members|rooms|people|identities|box|gone|ended):${id})$`,
  );
  const keys = await admin.keys('*');
  expect(keys).toHaveLength(9);
  for (const key of keys) expect(key).toMatch(known);
  await store.leave(ada.seat);
  await store.remove(room.roomId, bob.seat.participantId);
  await store.endRoom(room);
  await store.sweep();
  const left = await admin.keys('*');
  // What is remembered goes by itself.
  for (const key of left) expect(await admin.pttl(key), key).toBeGreaterThan(0);
  expect(left.map((key) => key.split(':')[2]).sort()).toEqual(['ended', 'gone', 'gone', 'swept']);
  await store.close();
  admin.disconnect();
  await cluster.stop();
});
