import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import type { LiveStore } from './live-store.ts';
import { liveStoreContract } from './live-store.contract.ts';
import { createRedisLiveStore } from './live-store.redis.ts';
import { startRedisServer } from './testing/redis-server.ts';
import type { RedisServer } from './testing/redis-server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

liveStoreContract('Redis', async (limits) => {
  const keyPrefix = `test-${randomUUID()}`;
  const opened: LiveStore[] = [];
  return {
    open: async () => {
      const store = await createRedisLiveStore({
        outageMs: 3_600_000,
        ...limits,
        url: server.url,
        keyPrefix,
        timeoutMs: 5_000,
      });
      opened.push(store);
      return store;
    },
    nowMs: Date.now,
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
