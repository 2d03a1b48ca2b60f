// PostgreSQL away: at start, later, for minutes, or only silent. What is live and what is known goes on.
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SampleStream } from '../testing/sample-stream.ts';
import { askToPublish, makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const ENV = {
  MILLRACE_KEY_PEPPER: 'the same pepper on every gateway',
  MILLRACE_DATABASE_CONNECT_TIMEOUT_MS: '1000',
  MILLRACE_DATABASE_QUERY_TIMEOUT_MS: '1000',
};

let postgres: TestPostgres;
let databaseUrl: string;
let databases = 0;
let store: LiveStore;
const running: TestGateway[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.create();
});
afterAll(() => postgres.remove());
beforeEach(async () => {
  databaseUrl = await postgres.createDatabase(`outage_${databases++}`);
  // The store itself refuses a revoked key for one claim TTL; here the gateway's own memory is what counts.
  store = createMemoryLiveStore({ claimTtlMs: 1 });
});
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
});

async function startGateway(): Promise<TestGateway> {
  const gateway = await TestGateway.start({ databaseUrl, liveStore: store, env: ENV });
  running.push(gateway);
  return gateway;
}

const watch = (gateway: TestGateway, world: World) => fetch(`${gateway.url}/hls/${world.playbackId}/index.m3u8`);

/** Publishes and watches once, and waits until what that takes is remembered. */
async function useOnce(gateway: TestGateway, world: World): Promise<void> {
  const claim = await publish(gateway, world.streamKey);
  await (await SampleStream.begin(store, world.streamId)).add();
  expect((await watch(gateway, world)).status).toBe(200);
  await store.releaseClaim(claim);
  for (const key of [`stream:${world.streamId}`, `tenant:${world.tenantId}`, `playback:${world.playbackId}`])
    await until(`${key} is remembered`, async () => (await store.recall(key)) !== undefined);
  await until('the claim is looked at again', async () => {
    const { last_used_at: at } = await gateway.ok(
      'GET',
      `/v1/live_streams/${world.streamId}/stream_keys/${world.streamKeyId}`,
    );
    return at !== null;
  });
}

describe('while PostgreSQL is away', () => {
  it('REST answers 503 at once, known keys publish, known viewers watch; then all goes on', async () => {
    const gateway = await startGateway();
    const world = await makeWorld(gateway);
    const stranger = await makeWorld(gateway);
    await useOnce(gateway, world);
    await postgres.stop('SIGQUIT');
    try {
      const answer = await gateway.call('GET', '/v1/live_streams', { key: world.apiKey });
      expect([answer.status, answer.headers.get('retry-after'), answer.body]).toMatchObject([
        503,
        '1',
        { code: 'dependency_unavailable' },
      ]);
      const claim = await publish(gateway, world.streamKey);
      expect((await watch(gateway, world)).status).toBe(200);
      expect(await askToPublish(gateway, stranger.streamKey)).toEqual({ granted: false, refusal: 'unavailable' });
      expect((await watch(gateway, stranger)).status).toBe(503);
      expect(await askToPublish(gateway, `${world.streamKey}x`)).toEqual({ granted: false, refusal: 'bad_key' });
      expect(gateway.readiness.report().ready).toBe(true);
      await postgres.start();
      // The session that began meanwhile is written down.
      await until('both its connections', async () => {
        const read = await gateway.call('GET', `/v1/sessions/${claim.sessionId}`, { key: world.apiKey });
        return read.status === 200 && (read.body as { connections: unknown[] }).connections.length === 2;
      });
    } finally {
      await postgres.stop('SIGQUIT');
      await postgres.start();
    }
  });

  it("a gateway starts, and serves what another one's viewers and encoders made known", async () => {
    const first = await startGateway();
    const world = await makeWorld(first);
    await useOnce(first, world);
    await postgres.stop('SIGQUIT');
    try {
      const second = await startGateway();
      expect((await watch(second, world)).status).toBe(200);
      expect((await askToPublish(second, world.streamKey)).granted).toBe(true);
      expect((await second.call('GET', '/v1/tenants', { key: world.apiKey })).status).toBe(503);
    } finally {
      await postgres.start();
    }
    const [, second] = running;
    await until(
      'REST is back',
      async () => (await second?.call('GET', '/v1/tenants', { key: world.apiKey }))?.status === 200,
    );
  });

  it('a key, a stream, a tenant that were refused before stay refused', async () => {
    const gateway = await startGateway();
    const worlds = [
      await makeWorld(gateway),
      await makeWorld(gateway),
      await makeWorld(gateway),
      await makeWorld(gateway),
    ] as const;
    for (const world of worlds) await useOnce(gateway, world);
    const [revoked, disabled, suspended, deleted] = worlds;
    await gateway.ok('DELETE', `/v1/live_streams/${revoked.streamId}/stream_keys/${revoked.streamKeyId}`);
    await gateway.ok('POST', `/v1/live_streams/${disabled.streamId}/disable`);
    await gateway.ok('POST', `/v1/tenants/${suspended.tenantId}/suspend`);
    await gateway.ok('DELETE', `/v1/live_streams/${deleted.streamId}`);
    await postgres.stop('SIGQUIT');
    try {
      const answers = await Promise.all(worlds.map(({ streamKey }) => askToPublish(gateway, streamKey)));
      expect(answers).toEqual(
        ['key_revoked', 'stream_disabled', 'tenant_suspended', 'bad_key'].map((refusal) => ({
          granted: false,
          refusal,
        })),
      );
      const second = await startGateway();
      expect((await watch(second, deleted)).status).toBe(404);
    } finally {
      await postgres.start();
    }
  });
});

describe('while PostgreSQL is silent', () => {
  it('a request waits no longer than its timeout; known keys and viewers go on', async () => {
    const gateway = await startGateway();
    const world = await makeWorld(gateway);
    await useOnce(gateway, world);
    await postgres.freeze();
    try {
      expect((await gateway.call('GET', '/v1/tenants', { key: world.apiKey })).status).toBe(503);
      expect((await gateway.call('GET', '/v1/tenants', { key: world.apiKey })).status).toBe(503);
      expect((await askToPublish(gateway, world.streamKey)).granted).toBe(true);
      expect((await watch(gateway, world)).status).toBe(200);
    } finally {
      await postgres.thaw();
    }
    await until(
      'REST is back',
      async () => (await gateway.call('GET', '/v1/tenants', { key: world.apiKey })).status === 200,
    );
  });
});

describe('another pepper than the keys were made with', () => {
  it('makes a gateway not ready, rather than refuse every caller', async () => {
    await startGateway();
    const other = await TestGateway.start({
      databaseUrl,
      liveStore: store,
      env: { MILLRACE_KEY_PEPPER: 'x'.repeat(32) },
    });
    running.push(other);
    await until('it notices', () => !other.readiness.report().ready);
    expect(other.readiness.report().checks['key_pepper']).toContain('MILLRACE_KEY_PEPPER');
  });
});
