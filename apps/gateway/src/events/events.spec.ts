// Events from the changes that they report to those who read and follow them.
import { newId } from '@millrace/domain';
import { InProcessControl } from '@millrace/control';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeRoomWorld } from '../testing/room-world.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { Purges } from '../database/purges.ts';
import type { EventAnswer } from './events.dto.ts';
import { EventsService } from './events.service.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  const env = { MILLRACE_MAX_EVENT_STREAMS_PER_TENANT: '2', MILLRACE_EVENT_HEARTBEAT_MS: '200' };
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});
beforeEach(async () => {
  world = await makeWorld(gateway);
});

async function list(query = ''): Promise<EventAnswer[]> {
  const page = await gateway.ok('GET', `/v1/events${query}`, { key: world.apiKey });
  return page['data'] as EventAnswer[];
}

const typesOf = (events: readonly EventAnswer[]): string[] => events.map(({ type }) => type);
const rename = (name: string): Promise<unknown> =>
  gateway.ok('PATCH', `/v1/live_streams/${world.streamId}`, { key: world.apiKey, body: { name } });

describe('every change', () => {
  it('of streams and keys is one event, without the key', async () => {
    const stream = `/v1/live_streams/${world.streamId}`;
    const { apiKey: key } = world;
    await rename('x');
    await rename('x');
    await gateway.ok('POST', `${stream}/disable`, { key });
    await gateway.ok('POST', `${stream}/enable`, { key });
    const rotated = await gateway.ok('POST', `${stream}/stream_keys/${world.streamKeyId}/rotate`, {
      key,
      body: { grace_seconds: 60 },
    });
    for (let time = 0; time < 2; time++)
      await gateway.call('DELETE', `${stream}/stream_keys/${world.streamKeyId}`, { key });
    const { signingKeyId } = await makeRoomWorld(gateway, world);
    await gateway.call('DELETE', `/v1/signing_keys/${signingKeyId}`, { key });
    await gateway.call('DELETE', stream, { key });
    const all = await list('?limit=100');
    // The participant of that world has started its room.
    const events = all.filter(({ type }) => !type.startsWith('room.'));
    expect(typesOf(events)).toEqual([
      'live_stream.deleted',
      'signing_key.deleted',
      'signing_key.created',
      'stream_key.revoked',
      'stream_key.rotated',
      'live_stream.enabled',
      'live_stream.disabled',
      'live_stream.updated',
      'stream_key.created',
      'live_stream.created',
    ]);
    const text = JSON.stringify(events);
    for (const secret of [world.streamKey, String(rotated['key']), world.apiKey]) expect(text).not.toContain(secret);
    expect(events[4]?.data.object).toMatchObject({ id: rotated['id'], replaces: world.streamKeyId });
  });

  it('that is refused, or rolled back, is none', async () => {
    await gateway.call('PATCH', `/v1/live_streams/${world.streamId}`, { key: world.apiKey, body: { name: '' } });
    await gateway.call('DELETE', `/v1/live_streams/${newId('str')}`, { key: world.apiKey });
    expect(typesOf(await list())).toEqual(['stream_key.created', 'live_stream.created']);
  });

  it('of an encoder that returns in time belongs to the same session', async () => {
    const claim = await publish(gateway, world.streamKey);
    await gateway.liveStore.releaseClaim(claim);
    const again = await publish(gateway, world.streamKey);
    expect(again.sessionId).toBe(claim.sessionId);
    const of = async (type: string): Promise<unknown> => (await list(`?type=${type}`))[0]?.data.object;
    const returned = await until('it is reported', () => of('live_stream.reconnected'));
    expect([await of('live_stream.connected'), returned]).toMatchObject([
      { id: world.streamId, session_id: claim.sessionId },
      { id: world.streamId, session_id: claim.sessionId, encoder: 'obs-studio' },
    ]);
  });

  it('of a playback key is one when it is made, and one when it is revoked', async () => {
    const { id } = await gateway.ok('POST', '/v1/playback_keys', { key: world.apiKey, body: {} });
    await gateway.call('DELETE', `/v1/playback_keys/${String(id)}`, { key: world.apiKey });
    expect(typesOf(await list(`?object_id=${String(id)}`))).toEqual(['playback_key.deleted', 'playback_key.created']);
  });

  it('of a session is one event, however often it is reported', async () => {
    const claim = await publish(gateway, world.streamKey);
    const ids = { sessionId: claim.sessionId, tenantId: claim.tenantId, streamId: claim.streamId };
    const warning = { code: 'no_idr' as const, message: 'no picture begins anew', firstAtMs: Date.now() };
    const report = (): void => {
      gateway.control.sessionActive({ ...ids, activeAtMs: Date.now() });
      gateway.control.sessionWarned({ ...ids, warning });
      gateway.control.publishEnded({
        claim,
        reason: 'client_closed',
        bytes: 1,
        videoFrames: 1,
        audioFrames: 1,
        warnings: [warning],
      });
      gateway.control.sessionEnded({ ...ids, endedAtMs: Date.now(), segments: 3 });
    };
    report();
    report();
    await until('reported', async () => typesOf(await list()).includes('live_stream.idle'));
    const events = await list(`?object_id=${world.streamId}`);
    expect(typesOf(events).toSorted()).toEqual([
      'live_stream.active',
      'live_stream.connected',
      'live_stream.created',
      'live_stream.disconnected',
      'live_stream.health_degraded',
      'live_stream.idle',
      'stream_key.created',
    ]);
    const objects = Object.fromEntries(events.map(({ type, data }) => [type, data.object]));
    expect(objects).toMatchObject({
      'live_stream.connected': { session_id: claim.sessionId, stream_key_id: world.streamKeyId, encoder: 'obs-studio' },
      'live_stream.disconnected': { reason: 'client_closed', will_wait_seconds: 10 },
      'live_stream.idle': { segments: 3 },
      'live_stream.health_degraded': { warning: { code: 'no_idr', track: null } },
    });
  });
});

describe('GET /v1/events', () => {
  it('filters by type, object and time, in pages', async () => {
    for (const name of ['1', '2', '3']) await rename(name);
    const updated = await list('?type=live_stream.updated');
    expect(updated.map(({ data }) => data.object['name'])).toEqual(['3', '2', '1']);
    const [, second] = updated;
    const page = await gateway.ok('GET', '/v1/events?type=live_stream.updated&limit=2', { key: world.apiKey });
    expect(page['has_more']).toBe(true);
    const rest = await list(`?type=live_stream.updated&limit=2&cursor=${String(page['next_cursor'])}`);
    expect(rest).toEqual(updated.slice(2));
    expect(await list(`?type=live_stream.updated&created_after=${second!.created_at}`)).toHaveLength(2);
    expect(await list(`?type=live_stream.updated&created_before=${second!.created_at}`)).toEqual(updated.slice(2));
    expect(await list(`?object_id=${newId('str')}`)).toEqual([]);
  });

  it('shows a tenant its own events alone', async () => {
    const other = await makeWorld(gateway);
    const events = await list('?limit=100');
    expect(new Set(events.map(({ tenant_id }) => tenant_id))).toEqual(new Set([world.tenantId]));
    for (const path of [`/v1/events/${events[0]!.id}`, `/v1/events?after=${events[0]!.id}`])
      expect([404, 400]).toContain((await gateway.call('GET', path, { key: other.apiKey })).status);
  });

  it('followed by `after` skips no event of a transaction that was committed later than a newer one', async () => {
    const [newest] = await list();
    // It takes its identifier and position first, and is committed last.
    const slow = new pg.Client({ connectionString: postgres.url() });
    await slow.connect();
    await slow.query('BEGIN');
    const body = JSON.stringify({ id: newId('evt'), name: 'slow' });
    await slow.query(
      `INSERT INTO events (id, tenant_id, type, object_id, body, created_at) VALUES ($1, $2, 'live_stream.updated', 'x', $3, now())`,
      [newId('evt'), world.tenantId, body],
    );
    await rename('quick');
    expect(await list(`?after=${newest!.id}`)).toEqual([]);
    await slow.query('COMMIT');
    await slow.end();
    const followed = await list(`?after=${newest!.id}`);
    expect(followed.map((event) => ('name' in event ? event.name : event.data.object['name']))).toEqual([
      'slow',
      'quick',
    ]);
  });

  it('keeps events as long as it should, and deletes what is older', async () => {
    await postgres.query(
      `UPDATE events SET created_at = now() - interval '31 days' WHERE tenant_id = '${world.tenantId}'`,
    );
    await rename('x');
    await gateway.app.get(Purges, { strict: false }).run('old events', Date.now());
    expect(typesOf(await list())).toEqual(['live_stream.updated']);
  });
});

/** An open event stream, and what it has sent. */
class Follower {
  text = '';
  ended = false;
  readonly #stop: AbortController;

  private constructor(
    readonly answer: Response,
    stop: AbortController,
  ) {
    this.#stop = stop;
  }

  static async open(headers: Record<string, string> = {}, from = gateway): Promise<Follower> {
    const stop = new AbortController();
    const answer = await fetch(`${from.url}/v1/events/stream`, {
      headers: { authorization: `Bearer ${world.apiKey}`, ...headers },
      signal: stop.signal,
    });
    const follower = new Follower(answer, stop);
    if (answer.ok)
      void follower
        .#read()
        .catch(() => undefined)
        .finally(() => (follower.ended = true));
    return follower;
  }

  get ids(): string[] {
    return [...this.text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id!);
  }

  get names(): unknown[] {
    return [...this.text.matchAll(/^data: (.+)$/gm)].map(
      ([, data]) => (JSON.parse(data!) as EventAnswer).data.object['name'],
    );
  }

  close(): void {
    this.#stop.abort();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const part of this.answer.body! as AsyncIterable<Uint8Array>)
      this.text += decoder.decode(part, { stream: true });
  }
}

describe('GET /v1/events/stream', () => {
  it('sends what happens from then on, and a comment where nothing does', async () => {
    const follower = await Follower.open();
    expect(follower.answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await rename('1');
    await until('the event', () => follower.names.includes('1'));
    expect(follower.names).toEqual(['1']);
    expect(follower.text).toContain('event: live_stream.updated\n');
    await until('the comment', () => follower.text.endsWith(': \n\n'));
    follower.close();
  });

  it('goes on behind Last-Event-ID, also after a crowd of events', async () => {
    const [newest] = await list();
    await postgres.query(`INSERT INTO events (id, tenant_id, type, object_id, body, created_at)
      SELECT 'evt_${'0'.repeat(23)}' || lpad(name::text, 3, '0'), '${world.tenantId}', 'live_stream.updated', 'x',
        json_build_object('id', 'evt_${'0'.repeat(23)}' || lpad(name::text, 3, '0'), 'type', 'live_stream.updated',
          'data', json_build_object('object', json_build_object('name', name::text))), now()
      FROM generate_series(1, 120) AS name`);
    const follower = await Follower.open({ 'last-event-id': newest!.id });
    await until('all of them', () => follower.names.length === 120);
    expect(follower.names).toEqual(Array.from({ length: 120 }, (_, i) => String(i + 1)));
    follower.close();
    const rest = await Follower.open({ 'last-event-id': follower.ids[99]! });
    await until('the rest', () => rest.names.length === 20);
    rest.close();
  });

  it('sends an event that another gateway has committed as soon as that one says so', async () => {
    const bus = new InProcessControl();
    const env = { MILLRACE_KEY_PEPPER: 'a pepper for the tests of two gateways' };
    const databaseUrl = await postgres.createDatabase('two_gateways');
    const [first, second] = [
      await TestGateway.start({ databaseUrl, env, bus }),
      await TestGateway.start({ databaseUrl, env, bus }),
    ];
    world = await makeWorld(first);
    const follower = await Follower.open({}, second);
    const path = `/v1/live_streams/${world.streamId}`;
    for (const name of ['1', '2', '3']) {
      // Sooner than the stream looks by itself.
      await first.ok('PATCH', path, { key: world.apiKey, body: { name } });
      await until('the event', () => follower.names.includes(name));
    }
    // News that comes before the event can be seen: a transaction that is older still runs.
    const slow = new pg.Client({ connectionString: databaseUrl });
    await slow.connect();
    await slow.query('BEGIN');
    await slow.query('SELECT pg_current_xact_id()');
    await first.ok('PATCH', path, { key: world.apiKey, body: { name: '4' } });
    await until('the news has come', async () => (await second.ok('GET', path, { key: world.apiKey }))['name'] === '4');
    expect(follower.names).toEqual(['1', '2', '3']);
    await slow.query('COMMIT');
    await slow.end();
    await until('the hidden event', () => follower.names.includes('4'));
    follower.close();
    await first.close();
    await second.close();
  });

  it('does not read what its filter leaves out again', async () => {
    const events = gateway.app.get(EventsService, { strict: false });
    const start = await events.newestPlace();
    const filter = { tenantId: world.tenantId, type: 'room.started', objectId: undefined };
    await rename('not of that type');
    const { bodies, last } = await until('the horizon is behind the event', async () => {
      const followed = await events.follow(filter, start, 10);
      return BigInt(followed.last.transaction) > BigInt(start.transaction) && followed;
    });
    expect(bodies).toEqual([]);
    const { bodies: all } = await events.follow({ ...filter, type: undefined }, last, 10);
    expect(all).toEqual([]);
    await rename('after it');
    const names = await until('the next one', async () => {
      const next = await events.follow({ ...filter, type: undefined }, last, 10);
      return next.bodies.length > 0 && next.bodies.map(({ data }) => data.object['name']);
    });
    expect(names).toEqual(['after it']);
  });

  it('ends when its key is deleted, or its tenant suspended', async () => {
    for (const takeAway of [
      () => gateway.call('DELETE', `/v1/api_keys/${world.apiKeyId}`),
      () => gateway.call('POST', `/v1/tenants/${world.tenantId}/suspend`),
    ]) {
      world = await makeWorld(gateway);
      const follower = await Follower.open();
      expect((await takeAway()).status).toBeLessThan(300);
      await until('the stream ends', () => follower.ended);
    }
  });

  it('is refused beyond a tenant’s share, and for an event that is not there', async () => {
    const followers = [await Follower.open(), await Follower.open()];
    const third = await Follower.open();
    expect(third.answer.status).toBe(429);
    expect(third.answer.headers.get('retry-after')).toBe('5');
    for (const follower of followers) follower.close();
    await until('a place', async () => {
      const again = await Follower.open();
      again.close();
      return again.answer.status === 200;
    });
    for (const id of [newId('evt'), 'x'])
      expect((await Follower.open({ 'last-event-id': id })).answer.status).toBe(400);
  });
});
