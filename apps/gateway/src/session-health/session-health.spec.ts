// What an encoder sent, over time: from the live store, and from PostgreSQL where one gateway writes it.
import { createMemoryLiveStore } from '@millrace/live-store';
import type { HealthSample, MemoryLiveStore } from '@millrace/live-store';
import type { PublishClaim } from '@millrace/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { SessionHealthWriter } from './session-health-writer.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let postgres: TestPostgres;
let liveStore: MemoryLiveStore;
let gateways: TestGateway[];
let gateway: TestGateway;
let world: World;
let claim: PublishClaim;
/** The beginning of a minute, half an hour ago: the session was there already. */
let startMs: number;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  liveStore = createMemoryLiveStore();
  const env = { MILLRACE_KEY_PEPPER: 'a pepper for the tests of health alone' };
  const options = { databaseUrl: postgres.url(), liveStore, env };
  gateways = [await TestGateway.start(options), await TestGateway.start(options)];
  [gateway] = gateways as [TestGateway];
});
afterAll(async () => {
  for (const one of gateways) await one.close();
  await liveStore.close();
  await postgres.remove();
});

beforeEach(async () => {
  world = await makeWorld(gateway);
  claim = await publish(gateway, world.streamKey);
  await until('the session', async () => (await count('sessions', `id = '${claim.sessionId}'`)) === 1);
  await postgres.query('DELETE FROM session_health_progress');
  await began(2 * HOUR_MS);
  startMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 30 * MINUTE_MS;
});

const began = (agoMs: number) =>
  postgres.query(
    `UPDATE sessions SET started_at = now() - ${agoMs} * interval '1 millisecond' WHERE id = '${claim.sessionId}'`,
  );

async function count(table: string, where: string): Promise<number> {
  const [row] = await postgres.query(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`);
  return Number(row?.['n']);
}

const sample = (seconds: number, change: Partial<HealthSample> = {}): HealthSample => ({
  atMs: startMs + seconds * 1_000,
  videoBitsPerSecond: 2_000_000,
  audioBitsPerSecond: 128_000,
  framesPerSecond: 30,
  keyframeIntervalMs: 2_000,
  driftMs: 10,
  droppedFrames: 1,
  heldFrames: 0,
  timestampJumps: 0,
  ...change,
});

const record = (...samples: HealthSample[]) =>
  liveStore.recordHealth(samples.map((one) => ({ ...claim, sample: one })));

const at = (seconds: number): string => new Date(startMs + seconds * 1_000).toISOString();

type Health = { readonly step_seconds: number; readonly samples: Record<string, unknown>[] };
const read = async (query = '', from = gateway): Promise<Health> =>
  (await from.ok('GET', `/v1/sessions/${claim.sessionId}/health?${query}`, { key: world.apiKey })) as unknown as Health;
const between = (from: number, to: number, step = ''): string => `from=${at(from)}&to=${at(to)}${step}`;

const writerOf = (of: TestGateway) => of.app.get(SessionHealthWriter, { strict: false });
/** Writes what is complete a while after the first minute. */
const write = (minutes: number, of = gateway) => writerOf(of).round(startMs + minutes * MINUTE_MS + 20_000);
const rows = () =>
  postgres.query(
    `SELECT step_seconds, at, samples FROM session_health WHERE session_id = '${claim.sessionId}' ORDER BY at`,
  );

describe('the health of a session', () => {
  it('is there in steps of 5 s, without what was not measured', async () => {
    await record(
      sample(0),
      sample(5, { keyframeIntervalMs: undefined, driftMs: undefined }),
      sample(15, { droppedFrames: 0 }),
    );
    const { step_seconds: step, samples } = await read(between(0, 60));
    expect(step).toBe(5);
    expect(samples).toEqual([
      {
        at: at(0),
        video_bits_per_second: 2_000_000,
        audio_bits_per_second: 128_000,
        frame_rate: 30,
        keyframe_interval_seconds: 2,
        av_drift_seconds: 0.01,
        dropped_frames: 1,
        held_frames: 0,
        timestamp_jumps: 0,
        viewers: null,
      },
      expect.objectContaining({ at: at(5), keyframe_interval_seconds: null, av_drift_seconds: null }),
      expect.objectContaining({ at: at(15), dropped_frames: 0 }),
    ]);
  });

  it('joins steps: rates are means, counts are sums', async () => {
    await record(
      sample(0),
      sample(5, { videoBitsPerSecond: 4_000_000, heldFrames: 2 }),
      sample(10, { driftMs: undefined }),
    );
    const { step_seconds: step, samples } = await read(between(0, 60, '&step=12'));
    expect(step).toBe(15);
    expect(samples).toMatchObject([
      { at: at(0), video_bits_per_second: 2_666_667, dropped_frames: 3, held_frames: 2, av_drift_seconds: 0.01 },
    ]);
  });

  it('is written by one of several gateways, minute by minute, once', async () => {
    await record(sample(0), sample(30), sample(60), sample(125));
    await write(1);
    expect(await rows()).toEqual([{ step_seconds: 60, at: new Date(startMs), samples: 2 }]);
    await Promise.all([write(3, gateways[0]), write(3, gateways[1]), write(3, gateways[0])]);
    expect(await rows()).toMatchObject([{ samples: 2 }, { samples: 1 }, { samples: 1 }]);
    // What comes too late, or is looked at again, changes nothing.
    await record(sample(1));
    await write(3, gateways[1]);
    expect(await rows()).toMatchObject([{ samples: 2 }, { samples: 1 }, { samples: 1 }]);
  });

  it('has the viewers of all playback ids for the minute that has just ended, in each of its samples', async () => {
    const [{ id: playbackId }] = (await postgres.query(
      `SELECT id FROM playback_ids WHERE live_stream_id = '${world.streamId}'`,
    )) as [{ id: string }];
    await liveStore.noteViewers([{ playbackId, seen: ['one', 'two'], left: [] }]);
    await write(0);
    await record(sample(0), sample(60), sample(65), sample(120));
    await write(2);
    const viewersOf = async (step: string) =>
      (await read(between(0, 180, step))).samples.map((one) => [one['at'], one['viewers']]);
    expect(await viewersOf('&step=60')).toEqual([
      [at(0), null],
      [at(60), 2],
      [at(120), null],
    ]);
    expect(await viewersOf('')).toEqual([
      [at(0), null],
      [at(60), 2],
      [at(65), 2],
      [at(120), null],
    ]);
  });

  it('is made up for when no gateway was there', async () => {
    await write(0);
    for (let minute = 0; minute < 25; minute++) await record(sample(minute * 60));
    await write(25, gateways[1]);
    expect(await rows()).toHaveLength(25);
    expect((await read(between(0, 1_500, '&step=60'))).samples).toHaveLength(25);
  });

  it('has the minutes that are not written yet too', async () => {
    await record(sample(0), sample(60), sample(65));
    await write(1);
    const { samples } = await read(between(0, 120, '&step=60'));
    expect(samples.map((one) => [one['at'], one['dropped_frames']])).toEqual([
      [at(0), 1],
      [at(60), 2],
    ]);
  });

  it('is kept in coarser steps when it is older, and then deleted', async () => {
    await began(90 * DAY_MS);
    await write(0);
    for (const minute of [0, 1, 4, 5, 12]) await record(sample(minute * 60, { framesPerSecond: 20 + minute }));
    await write(13);
    const first = Math.floor(startMs / (5 * MINUTE_MS)) * 5 * MINUTE_MS;
    for (let i = 0; i < 2; i++) await writerOf(gateways[i]!).age(startMs + 8 * DAY_MS);
    const coarse = await rows();
    expect(coarse.every(({ step_seconds: step }) => step === 300)).toBe(true);
    expect(coarse.reduce((sum, { samples }) => sum + Number(samples), 0)).toBe(5);
    expect((coarse[0]!['at'] as Date).getTime()).toBe(first);
    const { step_seconds: step, samples } = await read(between(-8 * 86_400, 3_600));
    expect(step).toBe(600);
    expect(samples.reduce((sum, { dropped_frames: dropped }) => sum + Number(dropped), 0)).toBe(5);
    await writerOf(gateway).age(startMs + 61 * DAY_MS);
    expect(await rows()).toEqual([]);
  });

  it('of a deleted stream is left out, and holds up no other', async () => {
    const other = { ...claim };
    await record(sample(0));
    world = await makeWorld(gateway);
    claim = await publish(gateway, world.streamKey);
    await until('the session', async () => (await count('sessions', `id = '${claim.sessionId}'`)) === 1);
    await record(sample(0));
    await postgres.query(`DELETE FROM sessions WHERE id = '${other.sessionId}'`);
    await write(1);
    expect(await rows()).toHaveLength(1);
  });

  it('is shown to its tenant alone, and only for times and steps that make sense', async () => {
    const stranger = await makeWorld(gateway);
    const path = `/v1/sessions/${claim.sessionId}/health`;
    expect((await gateway.call('GET', path, { key: stranger.apiKey })).status).toBe(404);
    for (const query of ['from=yesterday', 'step=4', 'step=1.5', between(60, 0), 'unknown=1'])
      expect((await gateway.call('GET', `${path}?${query}`, { key: world.apiKey })).status, query).toBe(400);
    await began(90 * DAY_MS);
    const long = await gateway.call('GET', `${path}?from=${at(-59 * 86_400)}&step=600`, { key: world.apiKey });
    expect(long.text).toContain('for at most 2160 samples');
    expect((await read(`from=${at(-59 * 86_400)}`)).step_seconds).toBe(2_400);
  });
});

it('the events of a session are those of no other', async () => {
  const ids = { tenantId: world.tenantId, streamId: world.streamId, sessionId: claim.sessionId };
  gateway.control.sessionActive({ ...ids, activeAtMs: Date.now() });
  const path = `/v1/sessions/${claim.sessionId}/events`;
  const typesOf = async (query = ''): Promise<unknown[]> => {
    const page = await gateway.ok('GET', path + query, { key: world.apiKey });
    return (page['data'] as { type: string }[]).map(({ type }) => type);
  };
  await until('both', async () => (await typesOf()).length === 2);
  expect(new Set(await typesOf())).toEqual(new Set(['live_stream.active', 'live_stream.connected']));
  expect(await typesOf('?type=live_stream.active')).toEqual(['live_stream.active']);
  expect(await typesOf('?limit=1')).toHaveLength(1);
  const stranger = await makeWorld(gateway);
  expect((await gateway.call('GET', path, { key: stranger.apiKey })).status).toBe(404);
});
