// Coming back to a room: with a fresh token while everything still allows it; after a removal, once the ban is lifted.
import type { JoinGrant, RenewTokenAnswer } from '@millrace/control';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { newId } from '@millrace/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askToJoin, enter, grantOf, makeRoomWorld } from '../testing/room-world.ts';
import type { RoomWorld } from '../testing/room-world.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const RESUME_MS = 15_000;

let postgres: TestPostgres;
let gateway: TestGateway;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env: { MILLRACE_MAX_BANS_PER_ROOM: '2' } });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

interface Place extends World, RoomWorld {
  rest(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  token(body?: object): Promise<string>;
  /** Joins with a new token. */
  enter(body?: object): Promise<{ token: string; id: string; grant: JoinGrant }>;
  renew(participantId: string, roomId?: string): Promise<RenewTokenAnswer>;
}

async function place(): Promise<Place> {
  const made = await makeWorld(gateway);
  const world = { ...made, ...(await makeRoomWorld(gateway, made)) };
  const rest = async (method: string, path: string, body?: unknown) => {
    const answer = await gateway.call(method, `/v1/rooms/${world.roomId}${path}`, { key: world.apiKey, body });
    return { status: answer.status, body: (answer.body ?? {}) as Record<string, unknown> };
  };
  const token = async (body: object = {}) => String((await rest('POST', '/tokens', body)).body['token']);
  return {
    ...world,
    rest,
    token,
    enter: async (body = {}) => {
      const own = await token(body);
      const grant = await grantOf(gateway, own);
      return { token: own, grant, id: await enter(gateway, grant) };
    },
    renew: (participantId, roomId = world.roomId) =>
      gateway.rooms.renewToken({ tenantId: world.tenantId, roomId, participantId, resumeWindowMs: RESUME_MS }, 5_000),
  };
}

const freshOf = (answer: RenewTokenAnswer): string => {
  if (!answer.granted) throw new Error(`refused: ${answer.refusal}`);
  return answer.token;
};
const refused = (refusal: string) => ({ granted: false, refusal });

describe('a fresh token', () => {
  it('says what the first one said, under the same id and key, for the resume window and five minutes', async () => {
    const one = await place();
    const body = { identity: 'ada', name: 'Ada', permissions: { chat: false }, ttl_seconds: 10 };
    const { token, id, grant } = await one.enter(body);
    const answer = await one.renew(id);
    const fresh = freshOf(answer);
    const [was, is] = [decodeJwt(token), decodeJwt(fresh)];
    expect({ ...is, iat: 0, exp: 0 }).toEqual({ ...was, iat: 0, exp: 0 });
    expect(decodeProtectedHeader(fresh)).toEqual(decodeProtectedHeader(token));
    expect((is.exp ?? 0) - (is.iat ?? 0)).toBe(315);
    expect(answer).toMatchObject({ expiresAtMs: (is.exp ?? 0) * 1_000 });
    expect(await grantOf(gateway, fresh)).toEqual({
      ...grant,
      admission: { ...grant.admission, expiresAtMs: (is.exp ?? 0) * 1_000 },
    });
  });

  it('of a guest whose tenant gave its token no id has the id that was made of it', async () => {
    const one = await place();
    const { SignJWT } = await import('jose');
    const now = Math.floor(Date.now() / 1_000);
    const token = await new SignJWT({ iss: one.tenantId, room: one.roomId, iat: now, exp: now + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: one.signingKeyId })
      .sign(Buffer.from(one.signingKey));
    const grant = await grantOf(gateway, token);
    const again = await grantOf(gateway, freshOf(await one.renew(await enter(gateway, grant))));
    expect(again.admission?.tokenId).toMatch(/^[\w-]{43}$/);
    expect(again.admission?.tokenId).toBe(grant.admission?.tokenId);
  });

  it('is made only for who is in that room, of that tenant', async () => {
    const [one, other] = [await place(), await place()];
    const { id } = await one.enter();
    expect((await one.renew(id)).granted).toBe(true);
    expect(await one.renew(newId('par'))).toEqual(refused('bad_token'));
    expect(await one.renew(id, other.roomId)).toEqual(refused('bad_token'));
    expect(await other.renew(id, one.roomId)).toEqual(refused('bad_token'));
    await gateway.presence.remove(one.roomId, id);
    expect(await one.renew(id)).toEqual(refused('bad_token'));
  });

  it('ends at once with the key that signed the first one, and none is made any more', async () => {
    const one = await place();
    const { token, id } = await one.enter();
    const fresh = freshOf(await one.renew(id));
    const keyId = String(decodeProtectedHeader(token).kid);
    // A newer key is in force: it would sign a new token, and must not sign this one.
    await gateway.ok('POST', '/v1/signing_keys', { key: one.apiKey, body: {} });
    expect(decodeProtectedHeader(freshOf(await one.renew(id))).kid).toBe(keyId);
    await gateway.ok('DELETE', `/v1/signing_keys/${keyId}`, { key: one.apiKey });
    expect(await askToJoin(gateway, fresh)).toEqual(refused('bad_token'));
    expect(await one.renew(id)).toEqual(refused('bad_token'));
  });

  it('ends at once with its tenant, and none is made while that is suspended', async () => {
    const one = await place();
    const { id } = await one.enter();
    const fresh = freshOf(await one.renew(id));
    await gateway.ok('POST', `/v1/tenants/${one.tenantId}/suspend`);
    expect(await askToJoin(gateway, fresh)).toEqual(refused('tenant_suspended'));
    expect(await one.renew(id)).toEqual(refused('tenant_suspended'));
  });

  it('ends at once with its room', async () => {
    const one = await place();
    const { id } = await one.enter();
    const fresh = freshOf(await one.renew(id));
    await one.rest('POST', '/end');
    expect(await askToJoin(gateway, fresh)).toEqual(refused('room_ended'));
    expect(await one.renew(id)).toEqual(refused('room_ended'));
  });

  it('ends at once with the removal of its participant', async () => {
    const one = await place();
    const { id } = await one.enter();
    const fresh = freshOf(await one.renew(id));
    expect((await one.rest('DELETE', `/participants/${id}`)).status).toBe(204);
    expect(await askToJoin(gateway, fresh)).toEqual(refused('banned'));
    // Signaling has not been told yet: it is still in the room.
    expect(await one.renew(id)).toEqual(refused('banned'));
  });
});

describe('a participant who was removed', () => {
  it('is kept out by its identity, whatever token it has, until that is undone', async () => {
    const one = await place();
    const { token, id } = await one.enter({ identity: 'eve', name: 'Eve' });
    await one.rest('DELETE', `/participants/${id}`);
    for (const own of [token, await one.token({ identity: 'eve' })])
      expect(await askToJoin(gateway, own)).toEqual(refused('banned'));
    expect((await askToJoin(gateway, await one.token({ identity: 'bob' }))).granted).toBe(true);
    expect((await askToJoin(gateway, await one.token())).granted).toBe(true);
    const { data } = (await one.rest('GET', '/bans')).body as { data: { id: string }[] };
    expect(data).toMatchObject([{ kind: 'identity', subject: 'eve', name: 'Eve', room_id: one.roomId }]);
    expect((await one.rest('DELETE', `/bans/${data[0]?.id}`)).status).toBe(204);
    expect((await askToJoin(gateway, token)).granted).toBe(true);
    expect((await one.rest('DELETE', `/bans/${data[0]?.id}`)).status).toBe(404);
    expect((await one.rest('GET', '/bans')).body).toMatchObject({ data: [] });
  });

  it('is kept out by its token when it is a guest, and no guest with another token is', async () => {
    const one = await place();
    const { token, id, grant } = await one.enter();
    await one.rest('DELETE', `/participants/${id}?ban=true`);
    expect(await askToJoin(gateway, token)).toEqual(refused('banned'));
    expect((await askToJoin(gateway, await one.token())).granted).toBe(true);
    const { data } = (await one.rest('GET', '/bans')).body as { data: object[] };
    expect(data).toMatchObject([{ kind: 'token', subject: grant.admission?.tokenId }]);
    const elsewhere = await place();
    expect((await elsewhere.rest('GET', '/bans')).body).toMatchObject({ data: [] });
  });

  it('may come back at once after a soft kick', async () => {
    const one = await place();
    const { token, id } = await one.enter({ identity: 'eve' });
    expect((await one.rest('DELETE', `/participants/${id}?ban=false`)).status).toBe(204);
    expect((await askToJoin(gateway, token)).granted).toBe(true);
    const { removals } = gateway.ears.heard;
    await until('signaling is told', () => removals.some(({ participantId }) => participantId === id));
    expect(removals.find(({ participantId }) => participantId === id)?.ban).toBeUndefined();
    expect((await one.rest('DELETE', `/participants/${id}?ban=perhaps`)).status).toBe(400);
  });

  it('is told of with the number by which earlier answers are known', async () => {
    const one = await place();
    const { id, grant } = await one.enter();
    await one.rest('DELETE', `/participants/${id}`);
    const { removals } = gateway.ears.heard;
    await until('signaling is told', () => removals.some(({ participantId }) => participantId === id));
    const version = removals.find(({ participantId }) => participantId === id)?.ban?.version ?? 0;
    expect(version).toBeGreaterThan(grant.bansVersion ?? 0);
    expect((await one.enter()).grant.bansVersion).toBe(version);
  });

  it('is one of so many that a room bans; removing again bans once', async () => {
    const one = await place();
    const [a, b, c] = [await one.enter(), await one.enter(), await one.enter()];
    for (const { id } of [a, b, a]) expect((await one.rest('DELETE', `/participants/${id}`)).status).toBe(204);
    const full = await one.rest('DELETE', `/participants/${c.id}`);
    expect([full.status, full.body]).toMatchObject([409, { code: 'quota_exceeded' }]);
    expect(gateway.ears.heard.removals.some(({ participantId }) => participantId === c.id)).toBe(false);
    expect((await one.rest('DELETE', `/participants/${c.id}?ban=false`)).status).toBe(204);
    expect(((await one.rest('GET', '/bans?limit=1')).body as { has_more: boolean }).has_more).toBe(true);
  });
});
