// Packagers as processes: two of them, one stream, and what happens to the one that has it.
import { fileURLToPath } from 'node:url';
import { IdPrefix, newId } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { createNatsFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { startNatsServer } from '@millrace/frame-bus/testing';
import type { NatsServer } from '@millrace/frame-bus/testing';
import { createRedisLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { startRedisServer } from '@millrace/live-store/testing';
import type { RedisServer } from '@millrace/live-store/testing';
import { ServiceChild } from '@millrace/service-kit/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { cutLog, firstPoint } from './testing/cut-log.ts';
import { Feeder } from './testing/feeder.ts';
import { BBB_FLV, loopedFlvLog } from './testing/flv-log.ts';
import { TestPublisher } from './testing/test-publisher.ts';
import { checkSegments } from './testing/transport-stream.ts';
import { digestOf, Viewer } from './testing/viewer.ts';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const LOG = loopedFlvLog(BBB_FLV, 1, 3, 30_000);
const SEGMENTS = 44;
const SPEED = 12;

let nats: NatsServer;
let redis: RedisServer;
let liveStore: LiveStore;
let frameBus: FrameBus;
let streamId: string;
let viewer: Viewer;
let packagers: Map<string, ServiceChild>;

beforeAll(async () => {
  nats = await startNatsServer();
  redis = await startRedisServer();
  liveStore = await createRedisLiveStore({ url: redis.url });
  frameBus = await createNatsFrameBus({ url: nats.url });
});

afterAll(async () => {
  await frameBus.close();
  await liveStore.close();
  await nats[Symbol.asyncDispose]();
  await redis.stop();
});

beforeEach(async () => {
  streamId = newId(IdPrefix.liveStream);
  viewer = new Viewer(liveStore, streamId);
  packagers = new Map();
  await Promise.all(['packager-1', 'packager-2'].map((name) => start(name)));
});

async function start(name: string): Promise<void> {
  const env = { MILLRACE_LEASE_TTL_MS: '900', MILLRACE_LEASE_RENEW_MS: '200', MILLRACE_WORK_POLL_MS: '50' };
  const child = new ServiceChild({ name, main: MAIN, natsUrl: nats.url, redisUrl: redis.url, env });
  packagers.set(name, child);
  onTestFinished(() => child.kill());
  await child.saying('packager waiting for streams');
}

async function publish(): Promise<{ publisher: TestPublisher; feeder: Feeder }> {
  const settings = { windowMs: 120_000, reconnectWindowMs: 60_000 };
  const publisher = (await TestPublisher.connect({ liveStore, frameBus, streamId, settings })).keepClaim();
  const feeder = new Feeder(publisher, LOG, SPEED);
  onTestFinished(() => {
    publisher.vanish();
    feeder.stop();
  });
  return { publisher, feeder };
}

/** The packager of the stream, once it is another than `not`. */
async function owner(not?: ServiceChild): Promise<ServiceChild> {
  let name: string | undefined;
  await expect
    .poll(async () => (name = (await liveStore.readLiveStream(streamId))?.leaseOwner), { timeout: 10_000 })
    .toSatisfy((found: string | undefined) => found !== undefined && found !== not?.name);
  return packagers.get(name!)!;
}

function reference(frames: readonly Frame[], sessionId: string): string[] {
  const point = firstPoint(frames[0]!.epoch, sessionId);
  return cutLog(frames, { point, finish: false }).segments.map(({ bytes }) => digestOf(bytes));
}

/** Every segment came with the right number and bytes, and no list ever broke a rule. */
async function expectWhole(publisher: TestPublisher, feeder: Feeder): Promise<void> {
  await viewer.until('all segments', (v) => v.nextMediaSequence === SEGMENTS, 60_000);
  await feeder.done;
  expect(viewer.faults).toEqual([]);
  const seen = [...viewer.segments].sort(([a], [b]) => a - b).map(([, digest]) => digest);
  expect(seen).toEqual(reference(feeder.sent, publisher.claim.sessionId));
  expect(viewer.last!.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
  expect(checkSegments([...viewer.bytes.values()])).toEqual([]);
}

const segments = (count: number) => viewer.until(`${count} segments`, (v) => v.nextMediaSequence >= count, 30_000);

describe('the packager that has a stream', { timeout: 90_000 }, () => {
  it('is killed, again and again: the other one goes on, no frame is lost or repeated', async () => {
    const { publisher, feeder } = await publish();
    for (const count of [5, 16, 27]) {
      await segments(count);
      const killed = await owner();
      await killed.kill();
      await owner(killed);
      await start(killed.name);
    }
    await expectWhole(publisher, feeder);
  });

  it('is frozen and goes on when another one has the stream: it changes nothing', async () => {
    const { publisher, feeder } = await publish();
    await segments(8);
    const frozen = await owner();
    frozen.freeze();
    const heir = await owner(frozen);
    await segments(20);
    frozen.thaw();
    await frozen.saying('lease lost');
    await expectWhole(publisher, feeder);
    expect(await owner()).toBe(heir);
  });

  it('is stopped: it hands the stream over and ends', async () => {
    const { publisher, feeder } = await publish();
    await segments(8);
    const stopped = await owner();
    expect(await stopped.stop()).toBe(0);
    expect((await owner()).name).not.toBe(stopped.name);
    await expectWhole(publisher, feeder);
  });
});
