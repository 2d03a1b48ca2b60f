// The packager on real NATS and Redis, while these and other packagers fail. What is promised: numbers and bytes are those of a
// packager that nothing ever happened to. With low latency, the same of every part, beside the same MPEG-TS.
import { IdPrefix, newId, TICKS_PER_MS } from '@millrace/domain';
import type { Frame, StreamSettings } from '@millrace/domain';
import { createNatsFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { forgetFrames, startNatsServer } from '@millrace/frame-bus/testing';
import type { NatsServer } from '@millrace/frame-bus/testing';
import { createRedisLiveStore, renditionValues } from '@millrace/live-store';
import type { LiveStore, PartCommit } from '@millrace/live-store';
import { startRedisServer } from '@millrace/live-store/testing';
import type { RedisServer } from '@millrace/live-store/testing';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { cutLog, firstPoint } from './testing/cut-log.ts';
import { Feeder } from './testing/feeder.ts';
import { BBB_FLV, flvLog, loopedFlvLog } from './testing/flv-log.ts';
import { TestPackager } from './testing/test-packager.ts';
import { TestPublisher } from './testing/test-publisher.ts';
import { checkSegments } from './testing/transport-stream.ts';
import { digestOf, Viewer } from './testing/viewer.ts';

const LOOP_MS = 30_000;
/** 60 s of footage: 29 whole segments. */
const LOG = loopedFlvLog(BBB_FLV, 1, 2, LOOP_MS);
const SEGMENTS = 29;
/** How many times as fast as it plays. */
const SPEED = 40;
const MODES: readonly (readonly [string, Partial<StreamSettings>])[] = [
  ['standard latency', {}],
  ['low latency', { partDurationMs: 500 }],
];

let nats: NatsServer;
let redis: RedisServer;
let streamId: string;
let edge: { liveStore: LiveStore; frameBus: FrameBus };
let viewer: Viewer;
/** Of the streams of a test. */
let latency: Partial<StreamSettings>;
/** The digest of every part, rendition and map that a packager has committed, or tried to, by its name. */
let files: Map<string, string>;
/** Names that came with different bytes. */
let changed: string[];

beforeAll(async () => {
  nats = await startNatsServer();
  redis = await startRedisServer();
});

afterAll(async () => {
  await nats[Symbol.asyncDispose]();
  await redis.stop();
});

beforeEach(async () => {
  streamId = newId(IdPrefix.liveStream);
  edge = await connectPorts();
  viewer = new Viewer(edge.liveStore, streamId);
  files = new Map();
  changed = [];
});

afterEach(async () => {
  await edge.frameBus.close();
  await edge.liveStore.close();
});

async function connectPorts(): Promise<{ liveStore: LiveStore; frameBus: FrameBus }> {
  const liveStore = await createRedisLiveStore({ url: redis.url, timeoutMs: 400, maxReconnectDelayMs: 100 });
  return { liveStore, frameBus: await createNatsFrameBus({ url: nats.url }) };
}

/** Streams of other tests, whose publishers have vanished, are still packaged. */
function note({ lease, files: committed = [] }: Partial<Pick<PartCommit, 'files'>> & Pick<PartCommit, 'lease'>): void {
  if (lease.streamId !== streamId) return;
  for (const { name, bytes } of committed) {
    const digest = digestOf(bytes);
    if ((files.get(name) ?? digest) !== digest) changed.push(name);
    files.set(name, digest);
  }
}

/** The store, with a note of what is sent to it. */
const noting = (store: LiveStore): LiveStore =>
  new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]) => {
        if (name === 'commit' || name === 'commitParts') note(parameters[0] as Pick<PartCommit, 'lease' | 'files'>);
        return Reflect.apply(value, target, parameters) as unknown;
      };
    },
  });

interface RunningPackager extends TestPackager {
  /** Cuts it off from everything at once, as if the process were gone. */
  abort(): Promise<void>;
}

async function startPackager(name: string): Promise<RunningPackager> {
  const ports = await connectPorts();
  const packager = await TestPackager.start({ ...ports, liveStore: noting(ports.liveStore), name });
  const abort = async (): Promise<void> => {
    await ports.frameBus.close();
    await ports.liveStore.close();
  };
  onTestFinished(async () => {
    await packager.stop();
    await abort();
  });
  return Object.assign(packager, { abort });
}

async function connect(settings: Partial<StreamSettings> = {}): Promise<TestPublisher> {
  const options = {
    ...edge,
    streamId,
    settings: { windowMs: 120_000, reconnectWindowMs: 60_000, ...latency, ...settings },
  };
  const publisher = (await TestPublisher.connect(options)).keepClaim();
  onTestFinished(() => publisher.vanish());
  return publisher;
}

function feed(publisher: TestPublisher, log: readonly Frame[] = LOG): Feeder {
  const feeder = new Feeder(publisher, log, SPEED);
  onTestFinished(() => feeder.stop());
  return feeder;
}

async function command(run: (client: Redis) => Promise<unknown>): Promise<void> {
  const client = new Redis(redis.url);
  try {
    await run(client);
  } finally {
    client.disconnect();
  }
}

/** What an uninterrupted packager would have made of these frames. */
function cut(frames: readonly Frame[], sessionId: string) {
  const { partDurationMs } = latency;
  const point = { ...firstPoint(frames[0]!.epoch, sessionId), ...(partDurationMs !== undefined && { partDurationMs }) };
  return cutLog(frames, { point, finish: false });
}
const reference = (frames: readonly Frame[], sessionId: string): string[] =>
  cut(frames, sessionId).segments.map(({ bytes }) => digestOf(bytes));

/** The same of parts, whole renditions and their maps, by their names. */
function referenceFiles(frames: readonly Frame[], sessionId: string): Map<string, string> {
  const { segments, parts } = cut(frames, sessionId);
  const whole = segments.flatMap(({ renditions = {} }) => renditionValues(renditions));
  return new Map(
    [...parts, ...whole, ...whole.map(({ map }) => map)].map(({ name, bytes }) => [name, digestOf(bytes)]),
  );
}

/**
 * What a viewer sees that asks the store itself when that has lost parts of the segment that is not whole: they are listed again a
 * moment later. Gateways go on with what they have shown.
 */
const LISTED_AGAIN = /^(?:part-vanished|hint-not-kept|parts-missing):/;

interface Losses {
  /** Whether the store has lost something. */
  readonly store?: boolean;
}

/** All segments came, with the numbers and bytes that they should have, and no list broke a rule. */
async function expectWhole(feeder: Feeder, publisher: TestPublisher, { store = false }: Losses = {}): Promise<void> {
  await feeder.done;
  const expected = reference(feeder.sent, publisher.claim.sessionId);
  expect(expected).toHaveLength(SEGMENTS);
  await viewer.until('all segments', (v) => v.nextMediaSequence === SEGMENTS);
  if (latency.partDurationMs !== undefined) await expectWholeRenditions(feeder, publisher);
  expect(viewer.faults.filter((fault) => !(store && LISTED_AGAIN.test(fault)))).toEqual([]);
  const seen = [...viewer.segments].sort(([a], [b]) => a - b);
  // Those that came and went while the store was away are not seen: their numbers are missing here, none is wrong.
  expect(seen.filter(([n, digest]) => expected[n] !== digest)).toEqual([]);
  expect(viewer.last!.segments).toHaveLength(SEGMENTS);
  expect(viewer.last!.discontinuitySequence).toBe(0);
  expect(viewer.last!.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
}

/** Every part and every rendition of a segment was committed, with the right bytes only, and is listed. */
async function expectWholeRenditions(feeder: Feeder, publisher: TestPublisher): Promise<void> {
  const expected = expectRightFiles(feeder, publisher);
  const newest = [...expected.keys()].filter((name) => name.split('.')[0]?.slice(1) === String(SEGMENTS));
  await viewer.until('the newest parts', (v) => newest.every((name) => v.files.has(name)));
  await viewer.verifyFiles();
  expect([...expected.keys()].filter((name) => !files.has(name))).toEqual([]);
  expect([...viewer.renditions.keys()].sort()).toEqual(['audio', 'video']);
  for (const { segments, mediaSequence } of viewer.renditions.values()) {
    expect(mediaSequence).toBe(0);
    expect(segments).toHaveLength(SEGMENTS);
    expect(segments.some(({ discontinuity, gap }) => discontinuity || gap === true)).toBe(false);
  }
}

/** No name of a part or of anything else ever had other bytes than it should. @returns what there should be */
function expectRightFiles({ sent }: Feeder, { claim }: TestPublisher): Map<string, string> {
  if (latency.partDurationMs === undefined) return new Map();
  const expected = referenceFiles(sent, claim.sessionId);
  const wrong = (of: ReadonlyMap<string, string>): string[] =>
    [...of].flatMap(([name, digest]) => (expected.get(name) === digest ? [] : [name]));
  expect(changed).toEqual([]);
  expect(wrong(files)).toEqual([]);
  expect(wrong(viewer.files)).toEqual([]);
  return expected;
}

const listedSeconds = (): number => viewer.last!.segments.reduce((sum, { duration }) => sum + duration, 0);
const packagedSeconds = ({ usage }: TestPackager): number =>
  usage.collect().reduce((sum, { amount }) => sum + amount, 0);

const someSegments = (count: number) => viewer.until(`${count} segments`, (v) => v.nextMediaSequence >= count);

describe.each(MODES)('with %s:', (_, settings) => {
  beforeEach(() => {
    latency = settings;
  });

  describe('a packager that is gone', () => {
    it('is followed by another one: no frame is lost or repeated, nothing marks the place', async () => {
      const first = await startPackager('packager-1');
      const publisher = await connect();
      const feeder = feed(publisher);
      await someSegments(10);
      await first.abort();
      const second = await startPackager('packager-2');
      await expectWhole(feeder, publisher);
      expect(second.packager.streamIds).toContain(streamId);
      expect(checkSegments([...viewer.bytes.values()])).toEqual([]);
    });

    it('for longer than the list and half of it are kept: what the log holds is listed again, with the same numbers', async () => {
      const first = await startPackager('packager-1');
      const publisher = await connect();
      const feeder = feed(publisher);
      await someSegments(12);
      await expect.poll(async () => (await edge.frameBus.lastCommit(streamId))?.head.mediaSequence).toBeGreaterThan(11);
      await first.abort();
      await feeder.done;
      const { head, between = [] } = (await edge.frameBus.lastCommit(streamId))!;
      await command((client) => client.flushall());
      await forgetFrames(nats.url, streamId, { ...between[5]!.position, sequence: between[5]!.position.sequence - 40 });
      const second = await startPackager('packager-2');
      await viewer.until('all segments', (v) => v.last?.segments.length !== 0 && v.nextMediaSequence === SEGMENTS);
      const expected = reference(feeder.sent, publisher.claim.sessionId);
      expect([...viewer.segments].filter(([n, digest]) => expected[n] !== digest)).toEqual([]);
      expect(viewer.last!.mediaSequence).toBe(between[5]!.mediaSequence);
      expect(viewer.last!.mediaSequence).toBeLessThan(head.mediaSequence);
      expect(viewer.last!.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
      expect(await second.value('packager_starts_total{from="rebuild"}')).toBeGreaterThan(0);
    });

    it('for longer than the log reaches back: numbers go on, with a discontinuity', async () => {
      const first = await startPackager('packager-1');
      const publisher = await connect();
      // Up to the middle of a segment.
      const cutAt = LOG.findIndex(({ dts90k }) => dts90k >= 13_200 * TICKS_PER_MS);
      await feed(publisher, LOG.slice(0, cutAt)).done;
      await someSegments(6);
      const isOpen = (v: Viewer): boolean => [...v.renditions.values()].every(({ open }) => open !== undefined);
      await viewer.until('parts of the open segment', isOpen);
      await expect.poll(async () => (await edge.frameBus.lastCommit(streamId))?.head.mediaSequence).toBeGreaterThan(0);
      await first.abort();
      await feed(publisher, LOG.slice(cutAt)).done;
      const { head } = (await edge.frameBus.lastCommit(streamId))!;
      // Marks follow the list: the packager may have been cut off between the two, and the list is what goes on.
      await viewer.look();
      const next = viewer.nextMediaSequence;
      const hasParts = viewer.renditions.size > 0;
      const framesPerSegment = Math.ceil(head.position.sequence / head.mediaSequence);
      await forgetFrames(nats.url, streamId, { ...head.position, sequence: (next + 4) * framesPerSegment });
      await startPackager('packager-2');
      await viewer.until('the rest', (v) => v.last!.segments.some(({ discontinuity }) => discontinuity));
      const { mediaSequence, segments } = viewer.last!;
      const marked = segments.flatMap(({ discontinuity }, index) => (discontinuity ? [mediaSequence + index] : []));
      // What viewers have parts of is closed with these, and keeps its number; what was to follow them is lost.
      expect(marked).toEqual([hasParts ? next + 1 : next]);
      const gaps = segments.flatMap(({ gap }, index) => (gap === true ? [mediaSequence + index] : []));
      expect(gaps).toEqual(hasParts ? [next] : []);
      await viewer.verifyFiles();
      expect(changed).toEqual([]);
      expect(viewer.faults.filter((fault) => !fault.startsWith('hint-not-kept:'))).toEqual([]);
    });

    it('again and again', async () => {
      let packager = await startPackager('packager-0');
      const publisher = await connect();
      const feeder = feed(publisher);
      for (let n = 1; n <= 4; n++) {
        await someSegments(n * 6);
        await packager.abort();
        packager = await startPackager(`packager-${n}`);
      }
      await expectWhole(feeder, publisher);
    });
  });

  describe('a Redis that', () => {
    it('has lost everything: the list is put back with the same numbers and bytes', async () => {
      const packager = await startPackager('packager-1');
      const publisher = await connect();
      const feeder = feed(publisher);
      await someSegments(12);
      await command((client) => client.flushall());
      await expectWhole(feeder, publisher, { store: true });
      expect(await packager.value('packager_starts_total{from="rebuild"}')).toBeGreaterThan(0);
      expect(viewer.segments.size).toBe(SEGMENTS);
      expect(packagedSeconds(packager)).toBeCloseTo(listedSeconds(), 3);
    });

    it('has lost everything again and again, while packagers change', async () => {
      let packager = await startPackager('packager-0');
      const packagers = [packager];
      const publisher = await connect();
      const feeder = feed(publisher);
      for (let n = 1; n <= 3; n++) {
        await someSegments(n * 8);
        await command((client) => client.flushall());
        await packager.abort();
        packagers.push((packager = await startPackager(`packager-${n}`)));
      }
      await expectWhole(feeder, publisher, { store: true });
      // A packager that is gone has not counted what it was committing; or has, and neither the list nor its mark tells of it any more.
      const counted = packagers.reduce((sum, each) => sum + packagedSeconds(each), 0);
      const longest = Math.max(...viewer.last!.segments.map(({ duration }) => duration));
      expect(counted).toBeLessThan(listedSeconds() + 3 * longest + 0.001);
      expect(counted).toBeGreaterThan(listedSeconds() / 2);
    });

    it('comes back as it was a while ago: numbers do not stay back', async () => {
      await startPackager('packager-1');
      const publisher = await connect();
      const feeder = feed(publisher);
      await someSegments(8);
      await command((client) => client.save());
      await someSegments(16);
      const dump = `${redis.dumpFile}.old`;
      await command((client) => client.config('SET', 'save', ''));
      await copyDump(dump);
      await redis.restart(dump);
      await feeder.done;
      await viewer.until('all segments', (v) => v.nextMediaSequence === SEGMENTS);
      // The list stood back until it was put right: that is Redis's doing. Nothing else may have happened.
      const rules = new Set(
        viewer.faults.filter((fault) => !LISTED_AGAIN.test(fault)).map((fault) => fault.split(':')[0]),
      );
      expect([...rules].filter((rule) => rule !== 'segments-vanished')).toEqual([]);
      expectRightFiles(feeder, publisher);
      const expected = reference(feeder.sent, publisher.claim.sessionId);
      expect([...viewer.segments].filter(([n, digest]) => expected[n] !== digest)).toEqual([]);
      expect(viewer.last!.segments).toHaveLength(SEGMENTS);
    });

    it('is away for longer than leases live: everything that came meanwhile is listed', async () => {
      const packager = await startPackager('packager-1');
      const publisher = await connect();
      const feeder = feed(publisher);
      await someSegments(10);
      redis.pause();
      await expect.poll(() => packager.packager.streamIds, { timeout: 10_000 }).toEqual([]);
      await feeder.done;
      redis.resume();
      await expectWhole(feeder, publisher);
    });
  });

  describe('a NATS that', () => {
    it('is restarted and has lost what it held: everything is listed', async () => {
      await startPackager('packager-1');
      const publisher = await connect();
      const feeder = feed(publisher);
      await someSegments(10);
      await nats.kill();
      await nats.start();
      await expectWhole(feeder, publisher);
    });

    it('has lost what it held, with a Redis that has lost everything, and with the packager: numbers go on', async () => {
      const first = await startPackager('packager-1');
      const publisher = await connect();
      const feeder = feed(publisher);
      await someSegments(10);
      await first.abort();
      await nats.kill();
      await command((client) => client.flushall());
      await nats.start();
      const second = await startPackager('packager-2');
      await feeder.done;
      const expected = reference(feeder.sent, publisher.claim.sessionId);
      await viewer.until('all segments', (v) => v.nextMediaSequence === SEGMENTS);
      // The edge had what comes after the mark, and nothing before it: the list begins there. What was listed is gone for those
      // who had not read it, so there is a discontinuity; the first segment says so in its bytes too.
      expect(await second.value('packager_starts_total{from="after-mark"}')).toBe(1);
      const [listedFirst, ...others] = viewer.last!.segments;
      expect(listedFirst!.discontinuity).toBe(true);
      expect(others.some(({ discontinuity }) => discontinuity)).toBe(false);
      const wrong = [...viewer.segments].filter(([n, digest]) => expected[n] !== digest).map(([n]) => n);
      expect(wrong).toEqual([viewer.last!.mediaSequence]);
    });

    it('has lost what it held, and Redis a few segments later: what came after it is listed again, as it was', async () => {
      const packager = await startPackager('packager-1');
      const publisher = await connect();
      const feeder = feed(publisher);
      await someSegments(10);
      await nats.kill();
      await nats.start();
      const marked = async () => (await edge.frameBus.lastCommit(streamId))?.head.mediaSequence ?? 0;
      // As far as it came before: a viewer who has not looked meanwhile is behind.
      await viewer.look();
      const before = viewer.nextMediaSequence;
      await someSegments(before + 4);
      await expect.poll(marked).toBeGreaterThanOrEqual(before + 4);
      await command((client) => client.flushall());
      await feeder.done;
      const isCutAgain = ({ last, nextMediaSequence }: Viewer): boolean =>
        last!.mediaSequence > 0 && nextMediaSequence === SEGMENTS;
      await viewer.until('all segments that are cut again', isCutAgain);
      await viewer.until('all segments', (v) => v.nextMediaSequence === SEGMENTS);
      const expected = reference(feeder.sent, publisher.claim.sessionId);
      // Every segment was there to be read, also those that were in the lost list and nowhere else.
      expect([...viewer.segments.keys()].sort((a, b) => a - b)).toEqual(expected.map((_, n) => n));
      expect([...viewer.segments].filter(([n, digest]) => expected[n] !== digest)).toEqual([]);
      expectRightFiles(feeder, publisher);
      expect(await packager.value('packager_starts_total{from="rebuild"}')).toBeGreaterThan(0);
      expect(await packager.value('packager_starts_total{from="after-mark"}')).toBe(0);
      expect(viewer.last!.mediaSequence).toBeLessThanOrEqual(before + 2);
      expect(viewer.last!.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
    });

    it('has lost what is stored nowhere else, with a Redis that has lost everything: numbers go on, some are left out', async () => {
      const first = await startPackager('packager-1');
      const publisher = await connect();
      publisher.send(flvLog(BBB_FLV, 1));
      await someSegments(14);
      await expect.poll(async () => (await edge.frameBus.lastCommit(streamId))?.head.mediaSequence).toBe(14);
      await first.abort();
      publisher.vanish();
      await edge.frameBus.close();
      await nats.kill();
      await command((client) => client.flushall());
      await nats.start();
      edge.frameBus = await createNatsFrameBus({ url: nats.url });
      await startPackager('packager-2');
      const again = await connect();
      again.send(flvLog(BBB_FLV, 1));
      await viewer.until('the new session', (v) => v.nextMediaSequence === 14 + 8 + 14);
      expect(viewer.last).toMatchObject({ mediaSequence: 14 + 8, segments: { length: 14 } });
      expect(viewer.last!.segments[0]!.discontinuity).toBe(true);
      expect(viewer.faults.filter((fault) => !/^(no-overlap|date-time-off|window-too-short)/.test(fault))).toEqual([]);
    });
  });
});

async function copyDump(target: string): Promise<void> {
  const { copyFile } = await import('node:fs/promises');
  await copyFile(redis.dumpFile, target);
}
