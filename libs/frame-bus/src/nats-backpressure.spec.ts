// NATS is away, frozen or unwilling: publishers push back, memory does not grow, nothing is lost.
import { newId } from '@millrace/domain';
import { DiscardPolicy } from '@nats-io/jetstream';
import type { StreamConfig } from '@nats-io/jetstream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FrameBus, FramePublisher } from './frame-bus.ts';
import { createNatsFrameBus } from './frame-bus.nats.ts';
import type { FrameDropReason, PublishFailure } from './frame-bus-observer.ts';
import { administer } from './testing/administer.ts';
import { FrameRecorder } from './testing/frame-recorder.ts';
import { startNatsServer } from './testing/nats-server.ts';
import type { NatsServer } from './testing/nats-server.ts';
import { sampleFrame } from './testing/sample-frames.ts';

const EPOCH = 1_795_000_000_000;
const OLDEST = { from: 'position', position: { epoch: 0, sequence: 0 } } as const;
const MiB = 1024 * 1024;
/** Shared by all frames: what grows is a copy that is kept. */
const PAYLOAD = new Uint8Array(50_000).fill(7);

let server: NatsServer;
let bus: FrameBus;
let dropped: Partial<Record<FrameDropReason, number>>;
const inflight: number[] = [];
const failed = new Set<PublishFailure>();

beforeEach(async () => {
  server = await startNatsServer();
  dropped = {};
  inflight.length = 0;
  failed.clear();
  bus = await createNatsFrameBus({
    url: server.url,
    reconnectWaitMs: 50,
    ackTimeoutMs: 1_000,
    observer: {
      framesDropped: (count, reason) => (dropped[reason] = (dropped[reason] ?? 0) + count),
      publishFailed: (reason) => failed.add(reason),
      inflightBytes: (bytes) => inflight.push(bytes),
    },
  });
});
afterEach(async () => {
  await bus.close();
  await server[Symbol.asyncDispose]();
});

const frame = (sequence: number) => sampleFrame(EPOCH, sequence, { payload: PAYLOAD });

/** Publishes until the publisher says stop. @returns how many frames it took */
function fill(publisher: FramePublisher): number {
  let sequence = 1;
  while (publisher.publish(frame(sequence))) sequence++;
  return sequence;
}

async function expectAll(recorder: FrameRecorder, count: number): Promise<void> {
  await recorder.untilCount(count);
  expect(recorder.frames.length).toBe(count);
  expect([...recorder.faults, ...recorder.gaps]).toEqual([]);
}

describe('a server that is away', () => {
  it('for ten seconds: the publisher stops at the limit, keeps all, and drains', { timeout: 40_000 }, async () => {
    const streamId = newId('str');
    const recorder = new FrameRecorder();
    await bus.subscribe(streamId, OLDEST, recorder);
    const publisher = bus.openPublisher(streamId, EPOCH);
    await server.kill();
    const back = new Promise((resolve) => setTimeout(resolve, 10_000)).then(() => server.start());
    const taken = fill(publisher);
    expect(publisher.inflightBytes).toBeGreaterThan(8 * MiB);
    expect(publisher.inflightBytes).toBeLessThan(8 * MiB + 2 * PAYLOAD.byteLength);
    const drained = new Promise<void>((resolve) => (publisher.onDrain = resolve));
    await expect.poll(() => bus.isReady(), { timeout: 10_000 }).toBe(false);
    await Promise.all([back, drained]);
    expect(publisher.publish(frame(taken + 1))).toBe(true);
    await publisher.close(10_000);
    await expectAll(recorder, taken + 1);
    expect(publisher.inflightBytes).toBe(0);
    expect(Math.max(...inflight)).toBeLessThan(9 * MiB);
    expect(dropped).toEqual({});
  });

  it('and a publisher that does not listen: memory stays within the limit, what is dropped is counted', async () => {
    const streamId = newId('str');
    const publisher = bus.openPublisher(streamId, EPOCH);
    await server.kill();
    const before = process.memoryUsage().arrayBuffers;
    const attempts = 10_000;
    for (let sequence = 1; sequence <= attempts; sequence++) {
      publisher.publish(frame(sequence));
      if (sequence % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    // 500 MB went in.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MiB);
    expect(publisher.inflightBytes).toBeLessThan(33 * MiB);
    await server.start();
    await publisher.close(10_000);
    const kept = attempts - (dropped['over-limit'] ?? 0);
    expect(kept).toBeGreaterThan(300);
    const recorder = new FrameRecorder();
    await bus.subscribe(streamId, { from: 'position', position: { epoch: EPOCH, sequence: 1 } }, recorder);
    await recorder.until(() => recorder.frames.at(-1)?.sequence === attempts);
    expect(recorder.gaps).toHaveLength(1);
    expect(recorder.faults).toEqual([]);
    expect(recorder.frames.length).toBe(kept);
  });
});

describe('a server that is frozen', () => {
  it('gets no more than the window; the publisher stops at the limit and drains when it moves again', async () => {
    const streamId = newId('str');
    const recorder = new FrameRecorder();
    await bus.subscribe(streamId, OLDEST, recorder);
    const publisher = bus.openPublisher(streamId, EPOCH);
    server.pause();
    const before = process.memoryUsage().arrayBuffers;
    const taken = fill(publisher);
    expect(await publisher.confirmed(50)).toBe(false);
    expect(publisher.inflightBytes).toBeLessThan(8 * MiB + 2 * PAYLOAD.byteLength);
    // The window and what the client library copies of it.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MiB);
    const drained = new Promise<void>((resolve) => (publisher.onDrain = resolve));
    server.resume();
    expect(await publisher.confirmed(10_000)).toBe(true);
    await drained;
    await publisher.close(10_000);
    await expectAll(recorder, taken);
    expect(dropped).toEqual({});
  });
});

describe('a stream that refuses', () => {
  it('makes the bus say so after a while, until it takes something again, also where there is no publisher any more', async () => {
    const own = await createNatsFrameBus({
      url: server.url,
      reconnectWaitMs: 50,
      ackIntervalMs: 200,
      stuckAfterMs: 500,
    });
    const limit = (config: Partial<StreamConfig>): Promise<void> =>
      administer(server.url, async (jsm) => {
        await jsm.streams.update('FRAMES_0', config);
      });
    const publisher = own.openPublisher(newId('str'), EPOCH);
    publisher.publish(frame(1));
    await expect.poll(() => publisher.inflightBytes).toBe(0);
    expect(own.logFault()).toBeUndefined();
    await limit({ max_bytes: 1_000, discard: DiscardPolicy.New });
    for (let sequence = 2; sequence <= 60; sequence++) publisher.publish(frame(sequence));
    await expect.poll(() => own.logFault(), { timeout: 10_000 }).toBe('NATS accepts no frames');
    await publisher.close(100);
    expect(own.logFault()).toBeDefined();
    await limit({ max_bytes: 64 * MiB, discard: DiscardPolicy.Old });
    await expect.poll(() => own.logFault(), { timeout: 10_000 }).toBeUndefined();
    await own.close();
  });

  it('that is away likewise', async () => {
    const own = await createNatsFrameBus({
      url: server.url,
      reconnectWaitMs: 50,
      ackIntervalMs: 200,
      stuckAfterMs: 500,
    });
    await server.kill();
    await expect.poll(() => own.logFault(), { timeout: 10_000 }).toBe('NATS accepts no frames');
    await server.start();
    await expect.poll(() => own.logFault(), { timeout: 10_000 }).toBeUndefined();
    await own.close();
  });

  it('is asked again until it takes everything', async () => {
    const streamId = newId('str');
    const limit = (config: Partial<StreamConfig>): Promise<void> =>
      administer(server.url, async (jsm) => {
        await jsm.streams.update('FRAMES_0', config);
      });
    await limit({ max_bytes: 1_000, discard: DiscardPolicy.New });
    const publisher = bus.openPublisher(streamId, EPOCH);
    for (let sequence = 1; sequence <= 60; sequence++) publisher.publish(frame(sequence));
    await expect.poll(() => failed.has('refused'), { timeout: 10_000 }).toBe(true);
    await limit({ max_bytes: 64 * MiB, discard: DiscardPolicy.Old });
    await publisher.close(10_000);
    expect(publisher.inflightBytes).toBe(0);
    const recorder = new FrameRecorder();
    await bus.subscribe(streamId, OLDEST, recorder);
    await expectAll(recorder, 60);
  });
});
