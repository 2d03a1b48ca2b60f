// PostgreSQL away: who has a token that was good still joins, who relays still may, what was refused stays refused.
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { formatRelayUsername, newId } from '@millrace/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askToJoin, makeRoomWorld } from '../testing/room-world.ts';
import type { RoomWorld } from '../testing/room-world.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const ENV = {
  MILLRACE_KEY_PEPPER: 'the same pepper on every gateway',
  MILLRACE_DATABASE_CONNECT_TIMEOUT_MS: '1000',
  MILLRACE_DATABASE_QUERY_TIMEOUT_MS: '1000',
};

let postgres: TestPostgres;
let store: LiveStore;
let gateway: TestGateway;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  store = createMemoryLiveStore();
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), liveStore: store, env: ENV });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const refused = (refusal: string) => ({ granted: false, refusal });
const usernameOf = ({ tenantId }: World, subject: string) =>
  formatRelayUsername({ expiresAtS: Math.floor(Date.now() / 1_000) + 600, tenantId, subject });

async function makeAll(): Promise<World & RoomWorld & { token: string }> {
  const world = await makeWorld(gateway);
  const rooms = await makeRoomWorld(gateway, world);
  const made = await gateway.ok('POST', `/v1/rooms/${rooms.roomId}/tokens`, { key: world.apiKey, body: {} });
  return { ...world, ...rooms, token: String(made['token']) };
}

it('what is known works on, also on a gateway that starts now; what was refused stays refused', async () => {
  const [good, ended, revoked, suspended] = [await makeAll(), await makeAll(), await makeAll(), await makeAll()];
  const stranger = await makeWorld(gateway);
  await gateway.ok('POST', `/v1/rooms/${ended.roomId}/end`, { key: ended.apiKey });
  await gateway.ok('DELETE', `/v1/signing_keys/${revoked.signingKeyId}`, { key: revoked.apiKey });
  await gateway.ok('DELETE', `/v1/ice_servers/${good.iceServersId}`, { key: good.apiKey });
  await gateway.ok('POST', `/v1/tenants/${suspended.tenantId}/suspend`);
  for (const key of [`room:${good.roomId}`, `signing:${good.tenantId}`, `tenant:${good.tenantId}`])
    await until(`${key} is remembered`, async () => (await store.recall(key)) !== undefined);
  await postgres.stop('SIGQUIT');
  const second = await TestGateway.start({ databaseUrl: postgres.url(), liveStore: store, env: ENV });
  try {
    for (const one of [gateway, second]) {
      const authorize = (username: string) => one.relays.authorizeRelay({ username, turnId: 'turn-1' }, 5_000);
      const issue = ({ tenantId }: World) => one.rooms.issueIceServers({ tenantId, subject: newId('par') }, 1_000);
      expect((await askToJoin(one, good.token)).granted).toBe(true);
      expect(await askToJoin(one, ended.token)).toEqual(refused('room_ended'));
      expect(await askToJoin(one, revoked.token)).toEqual(refused('bad_token'));
      expect(await askToJoin(one, suspended.token)).toEqual(refused('tenant_suspended'));
      expect((await issue(good)).granted).toBe(true);
      expect(await issue(stranger)).toEqual(refused('unavailable'));
      expect((await authorize(usernameOf(good, newId('par')))).granted).toBe(true);
      expect(await authorize(usernameOf(good, good.iceServersId))).toEqual(refused('revoked'));
      expect(await authorize(usernameOf(suspended, 'x'))).toEqual(refused('tenant_suspended'));
      expect(await authorize(usernameOf(stranger, 'x'))).toEqual(refused('unavailable'));
      expect((await one.call('GET', '/v1/rooms', { key: good.apiKey })).status).toBe(503);
    }
  } finally {
    await second.close();
    await postgres.start();
  }
});
