// "May this key publish?", asked as edges ask it, and what becomes of publishers when the answer changes.
import { newId, newSecretKey } from '@millrace/domain';
import type { PublishRefusal } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askToPublish, makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { RefusedPublishers } from './refused-publishers.ts';

let postgres: TestPostgres;
let gateway: TestGateway;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({ databaseUrl: postgres.url() });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const refusal = async (key: string): Promise<string | undefined> => {
  const answer = await askToPublish(gateway, key);
  return answer.granted ? undefined : answer.refusal;
};
const streamPath = (world: World): string => `/v1/live_streams/${world.streamId}`;
const keyPath = (world: World): string => `${streamPath(world)}/stream_keys/${world.streamKeyId}`;
const cutsOf = (world: World) => gateway.ears.heard.cuts.filter(({ streamId }) => streamId === world.streamId);

describe('a key', () => {
  it('with addresses is refused elsewhere; its successor has the same', async () => {
    const world = await makeWorld(gateway);
    const make = (addresses: string[]) =>
      gateway.ok('POST', `${streamPath(world)}/stream_keys`, { body: { allowed_addresses: addresses } });
    const elsewhere = await make(['203.0.113.0/24', '2001:db8::/32']);
    expect(elsewhere['allowed_addresses']).toEqual(['203.0.113.0/24', '2001:db8::/32']);
    expect(await refusal(String(elsewhere['key']))).toBe('address_not_allowed');
    const path = `${streamPath(world)}/stream_keys/${String(elsewhere['id'])}/rotate`;
    const successor = await gateway.ok('POST', path, { body: { grace_seconds: 0 } });
    expect(await refusal(String(successor['key']))).toBe('address_not_allowed');
    expect(await refusal(String((await make(['192.0.2.0/24']))['key']))).toBeUndefined();
  });

  it('that is good is granted: with the settings of its stream, and packagers are told', async () => {
    const world = await makeWorld(gateway);
    const latency = { latency_mode: 'low', part_duration_seconds: 0.3 };
    await gateway.ok('PATCH', streamPath(world), {
      body: { segment_target_seconds: 3, reconnect_window_seconds: 20, ...latency },
    });
    const claim = await publish(gateway, world.streamKey);
    expect(claim).toMatchObject({
      tenantId: world.tenantId,
      streamId: world.streamId,
      streamKeyId: world.streamKeyId,
      edgeId: 'edge-1',
      settings: {
        segmentTargetMs: 3_000,
        windowMs: 30_000,
        reconnectWindowMs: 20_000,
        secondPublisher: 'refuse',
        partDurationMs: 300,
      },
    });
    await until('packagers know', () => gateway.ears.heard.live.some(({ streamId }) => streamId === world.streamId));
    const used = await until('its use is noted', async () => {
      const { last_used_at: at } = await gateway.ok('GET', keyPath(world));
      return typeof at === 'string' ? at : undefined;
    });
    expect(Date.parse(used)).toBe(claim.epochStartedAtMs);
  });

  it.each([
    ['mistyped', async (world: World) => `${world.streamKey.slice(0, -1)}${world.streamKey.endsWith('x') ? 'y' : 'x'}`],
    ['made up', async () => newSecretKey('mr_st')],
    ['of another kind', async (world: World) => world.apiKey],
    ['empty', async () => ''],
    ['hostile', async () => "'; DROP TABLE tenants; --"],
  ])('that is %s is refused as a bad key', async (_, spoil) => {
    expect(await refusal(await spoil(await makeWorld(gateway)))).toBe('bad_key');
  });

  /** What is done, how the key is refused from then on, why the publisher is cut. */
  const changes: readonly [string, PublishRefusal, PublishRefusal, (world: World) => Promise<unknown>][] = [
    ['revoked', 'key_revoked', 'key_revoked', (world) => gateway.ok('DELETE', keyPath(world))],
    [
      'rotated without grace',
      'key_expired',
      'key_expired',
      (world) => gateway.ok('POST', `${keyPath(world)}/rotate`, { body: { grace_seconds: 0 } }),
    ],
    [
      'of a disabled stream',
      'stream_disabled',
      'stream_disabled',
      (world) => gateway.ok('POST', `${streamPath(world)}/disable`),
    ],
    [
      'of a suspended tenant',
      'tenant_suspended',
      'tenant_suspended',
      (world) => gateway.ok('POST', `/v1/tenants/${world.tenantId}/suspend`),
    ],
    // Cut as of a deleted one, or as of a disabled one: it is disabled first, and the reconciler may look in between.
    ['of a deleted stream', 'bad_key', 'stream_disabled', (world) => gateway.ok('DELETE', streamPath(world))],
    [
      'of a deleted tenant',
      'tenant_suspended',
      'tenant_suspended',
      (world) => gateway.ok('DELETE', `/v1/tenants/${world.tenantId}`),
    ],
    [
      'of a purged tenant',
      'bad_key',
      'tenant_suspended',
      (world) => gateway.ok('DELETE', `/v1/tenants/${world.tenantId}?purge=true`),
    ],
  ];
  it.each(changes)('that is %s is refused as %s, and who publishes with it is cut', async (_, code, cut, spoil) => {
    const world = await makeWorld(gateway);
    const claim = await publish(gateway, world.streamKey);
    await spoil(world);
    expect(await refusal(world.streamKey)).toBe(code);
    expect([code, cut]).toContain(cutsOf(world)[0]?.reason);
    expect(await gateway.liveStore.renewClaims([claim])).toEqual(['key_revoked']);
  });

  it('that was enabled again publishes again', async () => {
    const world = await makeWorld(gateway);
    await gateway.ok('POST', `${streamPath(world)}/disable`);
    expect(await refusal(world.streamKey)).toBe('stream_disabled');
    await gateway.ok('POST', `${streamPath(world)}/enable`);
    expect(await refusal(world.streamKey)).toBeUndefined();
  });
});

describe('a key that is revoked while it is being claimed', () => {
  it('is looked at again: who publishes with it is cut', async () => {
    const store = createMemoryLiveStore();
    const claimPublish = store.claimPublish.bind(store);
    let meanwhile: () => Promise<unknown> = async () => undefined;
    store.claimPublish = async (request) => {
      const outcome = await claimPublish(request);
      await meanwhile();
      return outcome;
    };
    // The reconciler looks at every key too, but only now and then.
    const env = { MILLRACE_RECONCILE_MS: '3600000' };
    const databaseUrl = await postgres.createDatabase('between');
    const quiet = await TestGateway.start({ databaseUrl, liveStore: store, env });
    try {
      const world = await makeWorld(quiet);
      // As another gateway does it that has told its edges before this publisher was there.
      meanwhile = () => postgres.query(`UPDATE stream_keys SET revoked_at = now()`, 'between');
      const claim = await publish(quiet, world.streamKey);
      await until('edges are told', () => quiet.ears.heard.cuts.length > 0);
      expect(quiet.ears.heard.cuts).toEqual([
        { streamId: world.streamId, streamKeyId: world.streamKeyId, reason: 'key_revoked' },
      ]);
      await until('the claim is revoked', async () => (await store.renewClaims([claim]))[0] === 'key_revoked');
    } finally {
      await quiet.close();
    }
  });
});

describe('rotation', () => {
  it('lets both keys publish in the time of grace, then cuts who still uses the old one', async () => {
    const world = await makeWorld(gateway);
    const claim = await publish(gateway, world.streamKey);
    const made = await gateway.ok('POST', `${keyPath(world)}/rotate`, { body: { grace_seconds: 1 } });
    expect(await refusal(world.streamKey)).toBe('already_publishing');
    expect(cutsOf(world)).toEqual([]);
    await until('the old key is cut', () => cutsOf(world).some(({ reason }) => reason === 'key_expired'));
    expect(cutsOf(world)[0]).toMatchObject({ streamKeyId: world.streamKeyId });
    expect(await gateway.liveStore.renewClaims([claim])).toEqual(['key_revoked']);
    expect(await refusal(world.streamKey)).toBe('key_expired');
    expect((await publish(gateway, String(made['key']))).sessionId).toBe(claim.sessionId);
  });

  it('ends on time: not with the next round of the reconciler, nor does a key with an end of its own', async () => {
    const env = { MILLRACE_RECONCILE_MS: '3600000' };
    const quiet = await TestGateway.start({ databaseUrl: await postgres.createDatabase('on_time'), env });
    try {
      const world = await makeWorld(quiet);
      const keys = `/v1/live_streams/${world.streamId}/stream_keys`;
      const cutOf = (id: unknown) =>
        until('the key is cut', () => quiet.ears.heard.cuts.find(({ streamKeyId }) => streamKeyId === id));
      const claim = await publish(quiet, world.streamKey);
      const rotatedMs = Date.now();
      const { expires_at: at } = await quiet.ok('POST', `${keys}/${world.streamKeyId}/rotate`, {
        body: { grace_seconds: 1 },
      });
      expect(at).toBeNull();
      expect(await cutOf(world.streamKeyId)).toMatchObject({ reason: 'key_expired' });
      expect(Date.now() - rotatedMs).toBeGreaterThanOrEqual(1_000);
      expect(await quiet.liveStore.renewClaims([claim])).toEqual(['key_revoked']);

      await quiet.liveStore.releaseClaim(claim);
      const endsMs = Date.now() + 4_000;
      const own = await quiet.ok('POST', keys, { body: { expires_at: new Date(endsMs).toISOString() } });
      await publish(quiet, String(own['key']));
      await cutOf(own['id']);
      expect(Date.now() - endsMs).toBeGreaterThanOrEqual(0);
    } finally {
      await quiet.close();
    }
  });

  it('does not cut who has moved to the new key', async () => {
    const world = await makeWorld(gateway);
    const first = await publish(gateway, world.streamKey);
    const made = await gateway.ok('POST', `${keyPath(world)}/rotate`, { body: { grace_seconds: 60 } });
    await gateway.liveStore.releaseClaim(first);
    const second = await publish(gateway, String(made['key']));
    await gateway.ok('DELETE', keyPath(world));
    expect(await gateway.liveStore.renewClaims([second])).toEqual([undefined]);
  });
});

describe('a second publisher', () => {
  it('is refused where the stream says so', async () => {
    const world = await makeWorld(gateway);
    await publish(gateway, world.streamKey, 'edge-1');
    expect(await refusal(world.streamKey)).toBe('already_publishing');
    expect(cutsOf(world)).toEqual([]);
  });

  it('takes over where the stream says so; edges are told to cut who came before', async () => {
    const world = await makeWorld(gateway);
    await gateway.ok('PATCH', streamPath(world), { body: { second_publisher: 'takeover' } });
    const first = await publish(gateway, world.streamKey, 'edge-1');
    const second = await publish(gateway, world.streamKey, 'edge-2');
    expect(second).toMatchObject({ sessionId: first.sessionId, edgeId: 'edge-2' });
    await until('edges know', () => cutsOf(world).length > 0);
    expect(cutsOf(world)).toEqual([{ streamId: world.streamId, reason: 'taken_over', beforeEpoch: second.epoch }]);
  });
});

describe('a backup encoder', () => {
  const DETAILS = { protocol: 'srt', encoder: 'the second one', clientAddress: '192.0.2.7' };

  /** A publisher, and an encoder with a key of its own that waits for it and could go on. */
  async function pair() {
    const world = await makeWorld(gateway);
    const made = await gateway.ok('POST', `${streamPath(world)}/stream_keys`, { key: world.apiKey, body: {} });
    const primary = await publish(gateway, world.streamKey, 'edge-1');
    const answer = await askToPublish(gateway, String(made['key']), 'edge-2', { role: 'backup', mayWait: true });
    if (!answer.granted) throw new Error(answer.refusal);
    const waiting = answer.claim;
    gateway.control.standbyChanged({
      ...DETAILS,
      claim: waiting,
      change: 'waiting',
      reason: 'connected',
      atMs: Date.now(),
    });
    const renew = async () => {
      const report = { claim: waiting, silentMs: 0, isReady: true, details: DETAILS, newSessionId: newId('ses') };
      await gateway.liveStore.renewClaims([primary]);
      return (await gateway.liveStore.renewStandbys([report], 60_000))[0]!;
    };
    const read = async (): Promise<Record<string, unknown>> =>
      gateway.ok('GET', `/v1/sessions/${primary.sessionId}`, { key: world.apiKey });
    const events = async (): Promise<Record<string, unknown>[]> => {
      await until('everything is written', () => gateway.control.pendingEvents === 0);
      const { data } = await gateway.ok('GET', `/v1/events?object_id=${world.streamId}`, { key: world.apiKey });
      return (data as { type: string; data: { object: Record<string, unknown> } }[])
        .filter(({ type }) => /standby|switched/.test(type))
        .map(({ type, data: { object } }) => ({ type, ...object }));
    };
    return { world, made, primary, waiting, renew, read, events };
  }

  it('waits, is told of with the session, and publishes when a switch is asked for', async () => {
    const { world, made, primary, waiting, renew, read, events } = await pair();
    const refused = await gateway.call('POST', `${streamPath(world)}/switch_encoder`, { key: world.apiKey });
    expect([refused.status, refused.body]).toMatchObject([409, { code: 'no_standby' }]);
    expect(await renew()).toEqual({ outcome: 'waiting' });
    const before = await until('the session is written', async () => {
      const found = await gateway.call('GET', `/v1/sessions/${primary.sessionId}`, { key: world.apiKey });
      return found.status === 200 ? (found.body as Record<string, unknown>) : undefined;
    });
    expect(before).toMatchObject({
      status: 'live',
      publisher: 'primary',
      standby: { role: 'backup', stream_key_id: made['id'], protocol: 'srt', client_address: '192.0.2.7', ready: true },
      connections: [{ role: 'primary' }],
    });
    // Its edge renews it all the time.
    expect(await renew()).toEqual({ outcome: 'waiting' });
    expect(await gateway.ok('POST', `${streamPath(world)}/switch_encoder`, { key: world.apiKey })).toMatchObject({
      id: world.streamId,
      active_session_id: primary.sessionId,
    });
    const outcome = await renew();
    if (outcome.outcome !== 'promoted') throw new Error(outcome.outcome);
    expect(outcome.cause).toBe('requested');
    const { claim } = outcome;
    gateway.control.standbyChanged({
      ...DETAILS,
      claim,
      change: 'promoted',
      reason: outcome.cause,
      atMs: Date.now(),
    });
    expect((await events()).reverse()).toMatchObject([
      { type: 'live_stream.standby_connected', role: 'backup', reason: 'connected', session_id: primary.sessionId },
      { type: 'live_stream.switched', role: 'backup', reason: 'requested', encoder: 'the second one' },
    ]);
    expect(await read()).toMatchObject({
      status: 'live',
      publisher: 'backup',
      standby: { role: 'primary', stream_key_id: world.streamKeyId },
      connections: [
        { role: 'backup', protocol: 'srt', encoder: 'the second one', client_address: '192.0.2.7', ended_at: null },
        { role: 'primary' },
      ],
    });
    expect(waiting.epoch).toBeLessThan(claim.epoch);
  });

  it('is one: a further one is refused, in the words of a refusal of its own', async () => {
    const { world, events, waiting } = await pair();
    const third = await askToPublish(gateway, world.streamKey, 'edge-3', { role: 'backup', mayWait: true });
    expect(third).toMatchObject({ granted: false, refusal: 'backup_waiting' });
    gateway.control.standbyChanged({
      ...DETAILS,
      claim: waiting,
      change: 'left',
      reason: 'client_closed',
      atMs: Date.now(),
    });
    expect((await events())[0]).toMatchObject({ type: 'live_stream.standby_disconnected', reason: 'client_closed' });
  });

  it.each<[string, (world: World) => Promise<unknown>]>([
    ['the session is ended', (world) => gateway.ok('POST', `${streamPath(world)}/end`)],
    ['the stream is disabled', (world) => gateway.ok('POST', `${streamPath(world)}/disable`)],
  ])('goes on with nothing when %s', async (_, end) => {
    const { world, primary, renew } = await pair();
    await renew();
    await end(world);
    expect(cutsOf(world)[0]).toMatchObject({ streamId: world.streamId });
    expect(await renew()).toEqual({ outcome: 'lost', loss: 'key_revoked' });
    expect(await gateway.liveStore.renewClaims([primary])).toEqual(['key_revoked']);
  });

  it('begins a session by itself where there is no other encoder', async () => {
    const world = await makeWorld(gateway);
    const answer = await askToPublish(gateway, world.streamKey, 'edge-2', { role: 'backup', mayWait: true });
    if (!answer.granted) throw new Error(answer.refusal);
    const report = { claim: answer.claim, silentMs: 0, isReady: true, details: DETAILS, newSessionId: newId('ses') };
    const claim = await until('it is promoted', async () => {
      const [outcome] = await gateway.liveStore.renewStandbys([report], 50);
      return outcome?.outcome === 'promoted' ? outcome.claim : undefined;
    });
    gateway.control.standbyChanged({ ...DETAILS, claim, change: 'promoted', reason: 'stopped', atMs: Date.now() });
    await until('everything is written', () => gateway.control.pendingEvents === 0);
    const { data } = await gateway.ok('GET', `/v1/events?object_id=${world.streamId}`, { key: world.apiKey });
    const types = (data as { type: string }[]).map(({ type }) => type);
    expect([types[0], types.includes('live_stream.switched')]).toEqual(['live_stream.connected', false]);
  });
});

describe('quotas', () => {
  it('count what is live at once', async () => {
    const world = await makeWorld(gateway, { max_live_streams: 1 });
    const second = await gateway.ok('POST', '/v1/live_streams', { key: world.apiKey, body: { name: 'second' } });
    const key = await gateway.ok('POST', `/v1/live_streams/${String(second['id'])}/stream_keys`, {
      key: world.apiKey,
      body: {},
    });
    await publish(gateway, world.streamKey);
    expect(await refusal(String(key['key']))).toBe('quota');
    await gateway.ok('PATCH', `/v1/tenants/${world.tenantId}`, { body: { max_live_streams: 2 } });
    expect(await refusal(String(key['key']))).toBeUndefined();
  });
});

describe('ending', () => {
  it('cuts who publishes and ends the session; the key goes on working', async () => {
    const world = await makeWorld(gateway);
    const claim = await publish(gateway, world.streamKey);
    expect(await gateway.ok('POST', `${streamPath(world)}/end`)).toMatchObject({
      status: 'idle',
      active_session_id: null,
    });
    expect(cutsOf(world)[0]).toMatchObject({ reason: 'ended' });
    expect(await gateway.liveStore.readLiveStream(world.streamId)).toBeUndefined();
    // The live store refuses the key for a moment, so that a claim that was on its way cannot slip through.
    const again = await until('the key works again', async () => {
      const answer = await askToPublish(gateway, world.streamKey);
      return answer.granted ? answer.claim : undefined;
    });
    expect(again.sessionId).not.toBe(claim.sessionId);
  });
});

describe('what the live store cannot answer', () => {
  it('is refused as unavailable, never granted', async () => {
    const store = createMemoryLiveStore();
    const other = await TestGateway.start({ databaseUrl: await postgres.createDatabase('no_store'), liveStore: store });
    const world = await makeWorld(other);
    await store.close();
    const answer = await askToPublish(other, world.streamKey);
    expect(answer).toEqual({ granted: false, refusal: 'unavailable' });
    await other.close();
  });
});

describe('a session that lasts too long', () => {
  it('is ended; the encoder may begin another one', async () => {
    const world = await makeWorld(gateway);
    await gateway.ok('PATCH', streamPath(world), { body: { max_duration_seconds: 60 } });
    const { sessionId } = await publish(gateway, world.streamKey);
    const refused = gateway.app.get(RefusedPublishers, { strict: false });
    const live = await gateway.liveStore.listLiveStreams();
    const own = live.filter(({ claim }) => claim.streamId === world.streamId);
    await refused.cut(own, Date.now() + 50_000);
    expect(cutsOf(world)).toEqual([]);
    await refused.cut(own, Date.now() + 61_000);
    await until('the edge is told', () => cutsOf(world).some(({ reason }) => reason === 'ended'));
    const next = await until('the key works again', async () => {
      const answer = await askToPublish(gateway, world.streamKey);
      return answer.granted ? answer.claim : undefined;
    });
    expect(next.sessionId).not.toBe(sessionId);
  });
});
