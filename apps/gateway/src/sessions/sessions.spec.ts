import type { PublishEnded } from '@millrace/control';
import { MAX_SESSION_WARNINGS, newId } from '@millrace/domain';
import type { PublishClaim } from '@millrace/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SampleStream } from '../testing/sample-stream.ts';
import { askToPublish, makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { SessionReconciliation } from './session-reconciliation.ts';
import { timeOfId } from './session-writes.ts';

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

const ended = (claim: PublishClaim): PublishEnded => ({
  claim,
  reason: 'unpublished',
  bytes: 123_456_789_012,
  videoFrames: 600,
  audioFrames: 900,
});

async function session(world: World, id: string, holds: (session: Record<string, unknown>) => boolean) {
  return until(`session ${id}`, async () => {
    const answer = await gateway.call('GET', `/v1/sessions/${id}`, { key: world.apiKey });
    const body = (answer.body ?? {}) as Record<string, unknown>;
    return answer.status === 200 && holds(body) ? body : undefined;
  });
}

const warningsOf = (body: Record<string, unknown>) => body['warnings'] as Record<string, unknown>[];
const connectionsOf = (body: Record<string, unknown>) => body['connections'] as Record<string, unknown>[];

const UNKNOWN_TRACK = {
  number: 0,
  width: null,
  height: null,
  frame_rate: null,
  channels: null,
  average_bits_per_second: null,
  peak_bits_per_second: null,
  status: 'listed',
};
const MEASURED_TRACK = { ...UNKNOWN_TRACK, average_bits_per_second: 900_000, peak_bits_per_second: 1_200_000 };

describe('an encoder that connects again and again', () => {
  const count = async (table: string, where: string): Promise<number> => {
    const [row] = await postgres.query(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`);
    return Number(row?.['n']);
  };

  it('leaves 100 connections of a session, the newest', async () => {
    const world = await makeWorld(gateway);
    let claim = await publish(gateway, world.streamKey);
    const { sessionId } = claim;
    for (let i = 0; i < 130; i++) {
      await gateway.liveStore.releaseClaim(claim);
      claim = await publish(gateway, world.streamKey);
    }
    expect(claim.sessionId).toBe(sessionId);
    await until(
      'the last one is written',
      async () => (await count('session_connections', `session_id = '${sessionId}' AND epoch = ${claim.epoch}`)) === 1,
    );
    expect(await count('session_connections', `session_id = '${sessionId}'`)).toBe(100);
  });

  it('leaves 10,000 ended sessions of a stream, and takes none of others', async () => {
    const [world, other] = [await makeWorld(gateway), await makeWorld(gateway)];
    for (const { tenantId, streamId } of [world, other])
      await postgres.query(
        `INSERT INTO sessions (id, tenant_id, live_stream_id, started_at, ended_at)
         SELECT 'ses_' || lpad(n::text, 20, '0') || right('${streamId}', 6), '${tenantId}', '${streamId}', now(), now()
         FROM generate_series(1, 10050) AS n`,
      );
    const { sessionId } = await publish(gateway, world.streamKey);
    await until('it is written', async () => (await count('sessions', `id = '${sessionId}'`)) === 1);
    expect(await count('sessions', `live_stream_id = '${world.streamId}' AND ended_at IS NOT NULL`)).toBe(10_000);
    expect(await count('sessions', `live_stream_id = '${other.streamId}'`)).toBe(10_050);
  });
});

describe('a session', () => {
  it('is told from its first connection to its end', async () => {
    const world = await makeWorld(gateway);
    const claim = await publish(gateway, world.streamKey);
    const live = await session(world, claim.sessionId, (body) => connectionsOf(body)[0]?.['protocol'] === 'rtmp');
    expect(live).toMatchObject({
      status: 'live',
      live_stream_id: world.streamId,
      active_at: null,
      ended_at: null,
      segments: null,
      warnings: [],
    });
    expect(Date.parse(String(live['started_at']))).toBe(claim.sessionStartedAtMs);
    expect(connectionsOf(live)).toMatchObject([
      { stream_key_id: world.streamKeyId, encoder: 'obs-studio', client_address: '192.0.2.1', ended_at: null },
    ]);

    const activeAtMs = claim.sessionStartedAtMs + 2_000;
    gateway.control.sessionActive({ ...claim, activeAtMs });
    const active = await session(world, claim.sessionId, (body) => body['active_at'] !== null);
    expect(Date.parse(String(active['active_at']))).toBe(activeAtMs);

    await gateway.liveStore.releaseClaim(claim);
    gateway.control.publishEnded(ended(claim));
    const gone = await session(world, claim.sessionId, (body) => connectionsOf(body)[0]?.['bytes'] !== null);
    expect(gone['status']).toBe('reconnecting');
    expect(connectionsOf(gone)).toMatchObject([
      { end_reason: 'unpublished', bytes: 123_456_789_012, video_frames: 600, audio_frames: 900 },
    ]);

    const back = await publish(gateway, world.streamKey, 'edge-2');
    expect(back.sessionId).toBe(claim.sessionId);
    await session(world, claim.sessionId, (body) => body['status'] === 'live' && connectionsOf(body).length === 2);
    await gateway.liveStore.releaseClaim(back);
    await gateway.liveStore.endSession(world.streamId, claim.sessionId);
    const endedAtMs = Date.now();
    gateway.control.sessionEnded({ ...claim, endedAtMs, segments: 17 });
    const over = await session(world, claim.sessionId, (body) => body['segments'] !== null);
    expect(over).toMatchObject({ status: 'ended', segments: 17 });
    const list = await gateway.ok('GET', `/v1/live_streams/${world.streamId}/sessions`, { key: world.apiKey });
    expect(list['data']).toMatchObject([{ id: claim.sessionId, status: 'ended' }]);
  });

  it('has the numbers that its edge has measured while it lives, and the final ones afterwards', async () => {
    const world = await makeWorld(gateway);
    const claim = await publish(gateway, world.streamKey);
    const unmeasured = await session(world, claim.sessionId, (body) => connectionsOf(body).length === 1);
    expect(unmeasured['ingest']).toBeNull();

    const report = {
      streamId: claim.streamId,
      epoch: claim.epoch,
      measuredAtMs: claim.epochStartedAtMs + 7_000,
      bytes: 3_000_000,
      videoFrames: 210,
      audioFrames: 301,
      videoBitsPerSecond: 3_000_000.4,
      audioBitsPerSecond: 128_000,
      framesPerSecond: 29.97,
      keyframeIntervalMs: 2_002.2,
    };
    const ingest = {
      measured_at: new Date(report.measuredAtMs).toISOString(),
      bytes: 3_000_000,
      video_frames: 210,
      audio_frames: 301,
      frame_rate: 29.97,
      keyframe_interval_seconds: 2,
      video_bits_per_second: 3_000_000,
      audio_bits_per_second: 128_000,
    };
    await gateway.liveStore.reportIngest([report]);
    const read = () => gateway.ok('GET', `/v1/sessions/${claim.sessionId}`, { key: world.apiKey });
    const live = await read();
    expect(live['ingest']).toEqual(ingest);
    expect(connectionsOf(live)).toMatchObject([{ bytes: 3_000_000, video_frames: 210, audio_frames: 301 }]);
    for (const path of ['/v1/sessions?status=live', `/v1/live_streams/${world.streamId}/sessions`]) {
      const list = await gateway.ok('GET', path, { key: world.apiKey });
      expect(list['data'], path).toMatchObject([{ id: claim.sessionId, ingest }]);
    }

    // What a publisher sent that another one has followed says nothing about the other one.
    await gateway.liveStore.reportIngest([{ ...report, epoch: claim.epoch - 1 }]);
    expect(await read()).toMatchObject({ ingest: null, connections: [{ bytes: null }] });

    await gateway.liveStore.reportIngest([report]);
    gateway.control.publishEnded(ended(claim));
    const gone = await session(world, claim.sessionId, (body) => connectionsOf(body)[0]?.['ended_at'] !== null);
    expect(gone['ingest']).toBeNull();
    expect(connectionsOf(gone)).toMatchObject([{ bytes: 123_456_789_012, video_frames: 600, audio_frames: 900 }]);
  });

  it('is found by status and stream, among those of all streams of the tenant and of no other one', async () => {
    const world = await makeWorld(gateway);
    const other = await makeWorld(gateway);
    const live = await publish(gateway, world.streamKey);
    const foreign = await publish(gateway, other.streamKey);
    const before = invent(world);
    gateway.control.sessionEnded({ ...before, endedAtMs: Date.now(), segments: 3 });
    const ids = async (query: string, key: string | undefined = world.apiKey): Promise<unknown[]> => {
      const page = await gateway.ok('GET', `/v1/sessions?${query}`, { key });
      return (page['data'] as { id: string }[]).map(({ id }) => id);
    };
    await until('both are there', async () => (await ids('')).length === 2);
    expect(await ids('')).toEqual([live.sessionId, before.sessionId]);
    expect(await ids('status=live')).toEqual([live.sessionId]);
    expect(await ids('status=ended')).toEqual([before.sessionId]);
    expect(await ids('status=reconnecting')).toEqual([]);
    expect(await ids(`live_stream_id=${world.streamId}&limit=1`)).toEqual([live.sessionId]);
    expect(await ids(`live_stream_id=${other.streamId}`)).toEqual([]);
    expect(await ids(`tenant_id=${other.tenantId}&status=live`, gateway.operatorKey)).toEqual([foreign.sessionId]);
    const refused = await gateway.call('GET', `/v1/sessions?tenant_id=${other.tenantId}`, { key: world.apiKey });
    expect(refused.status).toBe(404);
    const first = await gateway.ok('GET', '/v1/sessions?limit=1', { key: world.apiKey });
    expect(await ids(`limit=1&status=ended&cursor=${String(first['next_cursor'])}`)).toEqual([before.sessionId]);
    await gateway.liveStore.releaseClaim(live);
    gateway.control.publishEnded(ended(live));
    await until('it is reconnecting', async () => (await ids('status=reconnecting')).includes(live.sessionId));
  });

  it('says what viewers get while it is live, and what they got last once it has ended', async () => {
    const world = await makeWorld(gateway);
    const claim = await publish(gateway, world.streamKey);
    const before = await session(world, claim.sessionId, (body) => body['status'] === 'live');
    expect(before['media']).toBeNull();
    const stream = await SampleStream.begin(gateway.liveStore, world.streamId, { sessionId: claim.sessionId });
    await stream.add();
    const live = await session(world, claim.sessionId, (body) => body['media'] !== null);
    expect(live['media']).toEqual({
      codecs: ['avc1.64001f', 'mp4a.40.2'],
      width: 1280,
      height: 720,
      frame_rate: 30,
      average_bits_per_second: 2_500_000,
      peak_bits_per_second: 3_000_000,
      tracks: [
        { ...UNKNOWN_TRACK, kind: 'video', codec: 'avc1.64001f', width: 1280, height: 720, frame_rate: 30 },
        { ...UNKNOWN_TRACK, kind: 'audio', codec: 'mp4a.40.2' },
      ],
    });
    const rates = { averageBitsPerSecond: 9e5, peakBitsPerSecond: 1.2e6 };
    const size = { width: 640, height: 360, frameRate: 30 };
    const media = {
      codecs: ['avc1.42001f'],
      width: 640,
      height: 360,
      averageBitsPerSecond: 1e6,
      peakBitsPerSecond: 2e6,
      tracks: [
        { kind: 'video', track: 0, codec: 'avc1.42001f', ...size, ...rates, state: 'listed' },
        { kind: 'video', track: 3, codec: 'avc1.42000b', ...size, ...rates, state: 'unaligned' },
        { kind: 'audio', track: 0, codec: 'opus', channels: 2, ...rates, state: 'stopped' },
      ],
    } as const;
    gateway.control.sessionEnded({ ...claim, endedAtMs: Date.now(), segments: 1, media });
    const over = await session(world, claim.sessionId, (body) => body['status'] === 'ended');
    expect(over['media']).toEqual({
      codecs: ['avc1.42001f'],
      width: 640,
      height: 360,
      frame_rate: null,
      average_bits_per_second: 1_000_000,
      peak_bits_per_second: 2_000_000,
      tracks: [
        { ...MEASURED_TRACK, kind: 'video', codec: 'avc1.42001f', width: 640, height: 360, frame_rate: 30 },
        {
          ...MEASURED_TRACK,
          kind: 'video',
          number: 3,
          codec: 'avc1.42000b',
          width: 640,
          height: 360,
          frame_rate: 30,
          status: 'unaligned',
        },
        { ...MEASURED_TRACK, kind: 'audio', codec: 'opus', channels: 2, status: 'stopped' },
      ],
    });
  });

  it('is summed up by the event of its end', async () => {
    const world = await makeWorld(gateway);
    const claim = invent(world);
    gateway.control.publishEnded(ended(claim));
    gateway.control.sessionEnded({ ...claim, endedAtMs: claim.sessionStartedAtMs + 5_500, segments: 2 });
    await session(world, claim.sessionId, (body) => body['status'] === 'ended');
    const path = `/v1/sessions/${claim.sessionId}/events?type=live_stream.idle`;
    const { data } = await gateway.ok('GET', path, { key: world.apiKey });
    expect(data).toMatchObject([
      { data: { object: { segments: 2, duration_seconds: 5.5, connections: 1, bytes: 123_456_789_012 } } },
    ]);
  });

  it('is the same whatever the order in which it is told, and however often', async () => {
    const world = await makeWorld(gateway);
    const claim = invent(world);
    const activeAtMs = claim.sessionStartedAtMs + 1_000;
    const endedAtMs = claim.sessionStartedAtMs + 5_000;
    for (let i = 0; i < 2; i++) {
      gateway.control.sessionEnded({ ...claim, endedAtMs, segments: 2 });
      gateway.control.sessionActive({ ...claim, activeAtMs });
      gateway.control.publishEnded(ended(claim));
    }
    const told = await session(
      world,
      claim.sessionId,
      (body) => typeof connectionsOf(body)[0]?.['bytes'] === 'number' && body['active_at'] !== null,
    );
    expect(told).toMatchObject({ status: 'ended', segments: 2 });
    expect(Date.parse(String(told['active_at']))).toBe(activeAtMs);
    expect(Date.parse(String(told['ended_at']))).toBe(endedAtMs);
    expect(connectionsOf(told)).toHaveLength(1);
  });

  it('is found by the reconciler when its events were lost, and its end too', async () => {
    const world = await makeWorld(gateway);
    const outcome = await gateway.liveStore.claimPublish({
      tenantId: world.tenantId,
      streamId: world.streamId,
      streamKeyId: world.streamKeyId,
      edgeId: 'edge-9',
      newSessionId: newId('ses'),
      maxLiveStreams: 5,
      settings: { segmentTargetMs: 2_000, windowMs: 30_000, reconnectWindowMs: 0, secondPublisher: 'refuse' },
    });
    if (outcome.outcome !== 'claimed') throw new Error(outcome.outcome);
    const { claim } = outcome;
    await session(world, claim.sessionId, (body) => body['status'] === 'live');
    await gateway.liveStore.releaseClaim(claim);
    const lost = await session(world, claim.sessionId, (body) => body['status'] === 'reconnecting');
    expect(connectionsOf(lost)).toMatchObject([{ end_reason: 'lost', bytes: null }]);
    // The edge was only slow to tell.
    gateway.control.publishEnded(ended(claim));
    await session(world, claim.sessionId, (body) => connectionsOf(body)[0]?.['bytes'] !== null);
    await gateway.liveStore.endSession(world.streamId, claim.sessionId);
    await session(world, claim.sessionId, (body) => body['status'] === 'ended' && body['segments'] === null);
    gateway.control.sessionEnded({ ...claim, endedAtMs: Date.now(), segments: 5 });
    await session(world, claim.sessionId, (body) => body['segments'] === 5);
  });

  it('tells what is wrong with what the encoder sends, each thing once, and what came with the end alone', async () => {
    const world = await makeWorld(gateway);
    const claim = await publish(gateway, world.streamKey);
    const firstAtMs = claim.sessionStartedAtMs + 500;
    const unsupported = { code: 'unsupported_audio', message: 'unsupported audio: no (g711-mu)', firstAtMs } as const;
    const noIdr = { code: 'no_idr', message: 'no IDR pictures', firstAtMs: firstAtMs + 1_000 };
    for (let i = 0; i < 3; i++)
      gateway.control.sessionWarned({
        ...claim,
        warning: { ...unsupported, track: 'audio', firstAtMs: firstAtMs + 2 - i },
      });
    const warned = await session(world, claim.sessionId, (body) => warningsOf(body).length > 0);
    const [told] = warningsOf(warned);
    expect(told).toMatchObject({ code: 'unsupported_audio', message: unsupported.message, track: 'audio' });
    gateway.control.publishEnded({ ...ended(claim), warnings: [{ ...unsupported, track: 'audio' }, noIdr] });
    const both = await session(world, claim.sessionId, (body) => warningsOf(body).length > 1);
    expect(warningsOf(both)).toMatchObject([
      { code: 'unsupported_audio', track: 'audio', first_at: new Date(firstAtMs).toISOString() },
      { code: 'no_idr', track: null, first_at: new Date(firstAtMs + 1_000).toISOString() },
    ]);
    const list = await gateway.ok('GET', `/v1/live_streams/${world.streamId}/sessions`, { key: world.apiKey });
    expect((list['data'] as object[])[0]).toMatchObject({ warnings: both['warnings'] });
  });

  it('leaves its last problem with the stream: a warning, a failed connection, a refusal, each with what to do', async () => {
    const world = await makeWorld(gateway);
    const [path, asTenant] = [`/v1/live_streams/${world.streamId}`, { key: world.apiKey }] as const;
    const lastError = async (code: string) =>
      until(`the last error is ${code}`, async () => {
        const { last_error: found } = (await gateway.ok('GET', path, asTenant)) as {
          last_error: { code: string } | null;
        };
        return found?.code === code ? found : undefined;
      });
    expect(await gateway.ok('GET', path, asTenant)).toMatchObject({ last_error: null });
    const claim = await publish(gateway, world.streamKey);
    const { sessionId, epoch, epochStartedAtMs: beganAtMs } = claim;
    const warning = { code: 'gop_too_long', message: 'keyframes too far apart (8 s)', firstAtMs: beganAtMs + 1 };
    const change = { epoch, number: 1, state: 'degraded', atMs: beganAtMs + 2 } as const;
    gateway.control.sessionWarned({ ...claim, warning, change });
    expect(await lastError('gop_too_long')).toEqual({
      code: 'gop_too_long',
      detail: warning.message,
      help: expect.stringContaining('Keyframe interval 2 s') as unknown,
      at: new Date(beganAtMs + 2).toISOString(),
      session_id: sessionId,
    });
    await gateway.liveStore.releaseClaim(claim);
    gateway.control.publishEnded({ ...ended(claim), reason: 'idle_timeout' });
    expect(await lastError('idle_timeout')).toMatchObject({
      session_id: sessionId,
      detail: expect.stringContaining('sent nothing') as unknown,
    });
    // What comes late is not news.
    gateway.control.sessionWarned({
      ...claim,
      warning: { ...warning, code: 'av_desync' },
      change: { ...change, number: 2 },
    });
    await session(world, sessionId, (body) => warningsOf(body).length === 2);
    await gateway.ok('POST', `${path}/disable`, asTenant);
    await askToPublish(gateway, world.streamKey);
    expect(await lastError('stream_disabled')).toMatchObject({
      session_id: null,
      help: expect.stringContaining('Enable') as unknown,
    });
    const list = await gateway.ok('GET', '/v1/live_streams', asTenant);
    expect(list['data']).toMatchObject([{ last_error: { code: 'stream_disabled' } }]);
    // How it ends on purpose is no problem.
    await gateway.ok('POST', `${path}/enable`, asTenant);
    // The live store refuses the key of a publisher that was cut for a moment.
    const another = await gateway.ok('POST', `${path}/stream_keys`, { ...asTenant, body: {} });
    const again = await publish(gateway, String(another['key']));
    gateway.control.publishEnded(ended(again));
    await session(world, again.sessionId, (body) => connectionsOf(body)[0]?.['end_reason'] === 'unpublished');
    await lastError('stream_disabled');
    // Unless nothing has come by then: an encoder that cannot send its codecs by this protocol leaves like this.
    await gateway.liveStore.releaseClaim(again);
    const mute = await publish(gateway, String(another['key']));
    gateway.control.publishEnded({ ...ended(mute), reason: 'client_closed', bytes: 0, videoFrames: 0, audioFrames: 0 });
    expect(await lastError('no_media')).toMatchObject({
      session_id: mute.sessionId,
      detail: expect.stringContaining('left before it sent') as unknown,
      help: expect.stringContaining('codecs') as unknown,
    });
    // The edge says more than the reason does.
    const detail = 'unsupported codec: send something else (the audio is PCMU)';
    await gateway.liveStore.releaseClaim(mute);
    const refused = await publish(gateway, String(another['key']));
    gateway.control.publishEnded({ ...ended(refused), reason: 'unsupported_codec', detail });
    expect(await lastError('unsupported_codec')).toMatchObject({ detail });
  });

  it('keeps a bounded number of warnings', async () => {
    const world = await makeWorld(gateway);
    const claim = invent(world);
    const code = (i: number) => `code_${String.fromCharCode(97 + i)}`;
    for (let i = 0; i < MAX_SESSION_WARNINGS + 5; i++)
      gateway.control.sessionWarned({ ...claim, warning: { code: code(i), message: '', firstAtMs: i } });
    gateway.control.sessionEnded({ ...claim, endedAtMs: Date.now(), segments: 1 });
    const over = await session(world, claim.sessionId, (body) => body['segments'] === 1);
    expect(warningsOf(over)).toHaveLength(MAX_SESSION_WARNINGS);
  });

  it('of a deleted stream leaves nothing, and holds nothing up', async () => {
    const world = await makeWorld(gateway);
    await gateway.ok('DELETE', `/v1/live_streams/${world.streamId}`);
    gateway.control.publishEnded(ended(invent(world)));
    const other = await makeWorld(gateway);
    const claim = await publish(gateway, other.streamKey);
    await session(other, claim.sessionId, (body) => body['status'] === 'live');
  });

  it('is forgotten when its time is over', async () => {
    const short = await TestGateway.start({
      databaseUrl: await postgres.createDatabase('short_memory'),
      env: { MILLRACE_SESSION_RETENTION_MS: '1' },
    });
    const world = await makeWorld(short);
    const { sessionId, ...ids } = invent(world);
    short.control.sessionEnded({ ...ids, sessionId, endedAtMs: 1_000, segments: 1 });
    const path = `/v1/sessions/${sessionId}`;
    await until('it is there', async () => (await short.call('GET', path)).status === 200);
    const reconciliation = short.app.get(SessionReconciliation, { strict: false });
    await reconciliation.reconcile([], Date.now() + 2 * 60 * 60_000);
    expect((await short.call('GET', path)).status).toBe(404);
    await short.close();
  });
});

function invent(world: World): PublishClaim {
  const startedAtMs = Date.now() - 60_000;
  return {
    tenantId: world.tenantId,
    streamId: world.streamId,
    streamKeyId: world.streamKeyId,
    sessionId: newId('ses', startedAtMs),
    edgeId: 'edge-1',
    epoch: startedAtMs,
    sessionStartedAtMs: startedAtMs,
    epochStartedAtMs: startedAtMs,
    settings: { segmentTargetMs: 2_000, windowMs: 30_000, reconnectWindowMs: 10_000, secondPublisher: 'refuse' },
  };
}

describe('timeOfId', () => {
  it.each([0, 1, 1_795_000_000_000, 2 ** 48 - 1])('reads %d back', (time) => {
    expect(timeOfId(newId('ses', time))).toBe(time);
  });
});
