// What services without a database hand over: written once, however often it comes, and while PostgreSQL is away, later.
import type { SessionHealthChange } from '@millrace/control';
import { ControlPlaneClient, ControlSubject } from '@millrace/control';
import { newId, newSecretKey, PUBLISH_REFUSALS } from '@millrace/domain';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeRoomWorld } from '../testing/room-world.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import type { EventAnswer } from './events.dto.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({ databaseUrl: postgres.url() });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});
beforeEach(async () => {
  world = await makeWorld(gateway);
});

async function events(query: string): Promise<EventAnswer[]> {
  const page = await gateway.ok('GET', `/v1/events?limit=100&${query}`, { key: world.apiKey });
  return (page['data'] as EventAnswer[]).toReversed();
}

const settled = (): Promise<unknown> => until('everything is written', () => gateway.rooms.pendingEvents === 0);

describe('a problem with what an encoder sends', () => {
  const message = 'keyframes too far apart (8.3 s between keyframes)';

  async function begin() {
    const claim = await publish(gateway, world.streamKey);
    const ids = { tenantId: claim.tenantId, streamId: claim.streamId, sessionId: claim.sessionId };
    await until('it is connected', async () => (await stream())['health'] !== null);
    const tell = (number: number, state: SessionHealthChange['state'], firstAtMs: number, atMs: number): void => {
      const warning = { code: 'gop_too_long', track: 'video', message, firstAtMs } as const;
      gateway.control.sessionWarned({ ...ids, warning, change: { epoch: claim.epoch, number, state, atMs } });
    };
    return { claim, tell };
  }
  const stream = () => gateway.ok('GET', `/v1/live_streams/${world.streamId}`, { key: world.apiKey });
  const written = (): Promise<unknown> => until('everything is written', () => gateway.control.pendingEvents === 0);
  const changes = async () =>
    (await events('object_id=' + world.streamId)).filter(({ type }) => type.includes('health'));

  it('is one event when it begins and one when it is over, however often they are told', async () => {
    const { claim, tell } = await begin();
    expect((await stream())['health']).toEqual({ status: 'good', conditions: [] });
    const firstAtMs = claim.epochStartedAtMs;
    for (let i = 0; i < 2; i++) tell(1, 'degraded', firstAtMs, firstAtMs);
    await written();
    const since = new Date(firstAtMs).toISOString();
    expect((await stream())['health']).toEqual({
      status: 'degraded',
      conditions: [{ code: 'gop_too_long', track: 'video', message, since }],
    });
    for (let i = 0; i < 2; i++) tell(2, 'recovered', firstAtMs, firstAtMs + 12_500);
    // Late: it is over.
    tell(1, 'degraded', firstAtMs, firstAtMs);
    await written();
    expect((await stream())['health']).toEqual({ status: 'good', conditions: [] });
    const warning = { code: 'gop_too_long', track: 'video', message };
    const object = { id: world.streamId, session_id: claim.sessionId, warning };
    expect((await changes()).map(({ type, data }) => [type, data.object])).toEqual([
      ['live_stream.health_degraded', object],
      ['live_stream.health_recovered', { ...object, lasted_seconds: 12.5 }],
    ]);
    const session = await gateway.ok('GET', `/v1/sessions/${claim.sessionId}`, { key: world.apiKey });
    const recovered = new Date(firstAtMs + 12_500).toISOString();
    expect(session['warnings']).toEqual([{ ...warning, first_at: since, recovered_at: recovered }]);
    tell(3, 'degraded', firstAtMs + 20_000, firstAtMs + 20_000);
    await written();
    expect((await stream())['health']).toMatchObject({ status: 'degraded' });
    expect(await changes()).toHaveLength(3);
  });

  it('is not that of the next publisher', async () => {
    const { claim, tell } = await begin();
    tell(1, 'degraded', claim.epochStartedAtMs, claim.epochStartedAtMs);
    await written();
    await gateway.liveStore.releaseClaim(claim);
    const ended = { claim, reason: 'client_closed', bytes: 1, videoFrames: 1, audioFrames: 1 };
    gateway.control.publishEnded(ended);
    await written();
    expect((await stream())['health']).toBeNull();
    await publish(gateway, world.streamKey);
    await until('it is back', async () => (await stream())['health'] !== null);
    expect((await stream())['health']).toEqual({ status: 'good', conditions: [] });
  });
});

describe('a publisher that is refused', () => {
  const rejected = () => events('type=live_stream.rejected');

  it('is an event of the edge that was told whose key it is, once a minute for each reason', async () => {
    await gateway.ok('POST', `/v1/live_streams/${world.streamId}/disable`, { key: world.apiKey });
    const { tenantId, streamId, streamKeyId } = world;
    const request = { key: world.streamKey, app: 'live', protocol: 'rtmp', clientAddress: '192.0.2.1', encoder: 'obs' };
    const answer = await gateway.control.authorizePublish(
      { ...request, edgeId: 'edge-1', reportsRefusal: true },
      5_000,
    );
    const key = { tenantId, streamId, streamKeyId };
    expect(answer).toEqual({ granted: false, refusal: 'stream_disabled', key });
    // The encoder tries again, and finds another edge.
    const edges = [gateway.control, new ControlPlaneClient(gateway.bus.client())];
    for (const edge of [...edges, ...edges])
      edge.publishRejected({ ...key, refusal: 'stream_disabled', protocol: 'rtmp', encoder: 'obs' });
    gateway.control.publishRejected({ ...key, refusal: 'quota', protocol: 'rtmp', encoder: 'obs' });
    await until('everything is written', () => edges.every(({ pendingEvents }) => pendingEvents === 0));
    expect((await rejected()).map(({ data: { object } }) => object)).toEqual([
      {
        id: streamId,
        stream_key_id: streamKeyId,
        reason: 'stream_disabled',
        message: PUBLISH_REFUSALS.stream_disabled,
        protocol: 'rtmp',
        encoder: 'obs',
      },
      expect.objectContaining({ reason: 'quota' }),
    ]);
  });

  it('with a key that no one has is no event, and the edge learns of no tenant', async () => {
    const request = { app: 'live', protocol: 'rtmp', clientAddress: '192.0.2.1', encoder: 'obs', edgeId: 'edge-1' };
    const shown = { ...request, key: newSecretKey('mr_st'), reportsRefusal: true };
    expect(await gateway.control.authorizePublish(shown, 5_000)).toEqual({ granted: false, refusal: 'bad_key' });
  });
});

describe('what happens in a room', () => {
  it('is one event each, in order, with who it was', async () => {
    const { roomId } = await makeRoomWorld(gateway, world);
    const [ada, guest] = [newId('par'), newId('par')];
    const ids = { tenantId: world.tenantId, roomId };
    const atMs = Date.now();
    for (let i = 0; i < 2; i++) {
      gateway.rooms.participantJoined({ ...ids, participantId: ada, identity: 'ada', name: 'Ada', atMs });
      gateway.rooms.participantJoined({ ...ids, participantId: guest, identity: undefined, name: 'Guest', atMs });
    }
    gateway.rooms.trackPublished({ ...ids, participantId: ada, kind: 'screen', atMs });
    gateway.rooms.trackUnpublished({ ...ids, participantId: ada, kind: 'screen', atMs });
    for (let i = 0; i < 2; i++) {
      gateway.rooms.participantLeft({ ...ids, participantId: ada, identity: 'ada', name: 'Ada', atMs, reason: 'left' });
      gateway.rooms.participantLeft({ ...ids, participantId: guest, atMs, reason: 'lost' });
      gateway.rooms.roomFinished({ ...ids, atMs: atMs + 1, reason: 'empty' });
    }
    await settled();
    const all = await events(`object_id=${roomId}`);
    expect(all.map(({ type, data: { object } }) => [type, object['id'] ?? object['kind']])).toEqual([
      ['room.started', roomId],
      ['participant.joined', ada],
      ['participant.joined', guest],
      ['track.published', 'screen'],
      ['track.unpublished', 'screen'],
      ['participant.left', ada],
      ['participant.connection_aborted', guest],
      ['room.finished', roomId],
    ]);
    expect(all[1]!.data.object).toEqual({ id: ada, room_id: roomId, identity: 'ada', name: 'Ada' });
    expect(all[6]!.data.object).toEqual({ id: guest, room_id: roomId, identity: null, name: null, reason: 'lost' });
  });

  it('of a tenant that is gone is dropped, and holds up nothing', async () => {
    const { roomId } = await makeRoomWorld(gateway, world);
    const ids = { participantId: newId('par'), identity: undefined, name: undefined, atMs: Date.now() };
    gateway.rooms.participantJoined({ ...ids, tenantId: newId('ten'), roomId });
    gateway.rooms.participantJoined({ ...ids, participantId: newId('par'), tenantId: world.tenantId, roomId });
    await settled();
    expect(await events('type=participant.joined')).toHaveLength(1);
  });

  it('while PostgreSQL is away is written once it is back', async () => {
    const { roomId } = await makeRoomWorld(gateway, world);
    await settled();
    await postgres.stop('SIGQUIT');
    const participants = Array.from({ length: 5 }, () => newId('par'));
    for (const participantId of participants)
      gateway.rooms.participantJoined({
        tenantId: world.tenantId,
        roomId,
        participantId,
        identity: undefined,
        name: undefined,
        atMs: Date.now(),
      });
    expect(gateway.rooms.pendingEvents).toBe(5);
    await postgres.start();
    await settled();
    const joined = await events('type=participant.joined');
    expect(joined.map(({ data }) => data.object['id'])).toEqual(participants);
  });
});

it('an event that this gateway does not know is left to a newer one, and what is none is not asked for again', async () => {
  const client = gateway.bus.client();
  const event = { subject: 'of.a.newer.release', tenantId: world.tenantId, atMs: 1, data: {} };
  const events = [
    { ...event, id: 'newer' },
    { ...event, id: 'malformed', subject: ControlSubject.sessionEnded },
    { id: 'nothing' },
  ];
  const answer = await firstValueFrom(client.send<unknown, object>(ControlSubject.handOver, { events }));
  expect(answer).toEqual({ done: ['malformed', 'nothing'] });
});
