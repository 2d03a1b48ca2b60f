// Nothing is committed: what all streams keep together is bounded, shared fairly, and told.
import { newId } from '@millrace/domain';
import { afterEach, describe, expect, it } from 'vitest';
import type { FrameBus } from './frame-bus.ts';
import { createMemoryFrameBus } from './frame-bus.memory.ts';
import { createNatsFrameBus } from './frame-bus.nats.ts';
import type { FrameBusObserver } from './frame-bus-observer.ts';
import { FrameRecorder } from './testing/frame-recorder.ts';
import { startNatsServer } from './testing/nats-server.ts';
import { sampleFrame, sampleKeyframe } from './testing/sample-frames.ts';

const EPOCH = 1_795_000_000_000;
const OLDEST = { from: 'position', position: { epoch: 0, sequence: 0 } } as const;
const KiB = 1024;
const LIMIT = 4 * KiB * KiB;
const FRAME_BYTES = 10 * KiB;

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

class Told {
  evicted = 0;
  dropped = 0;
  retained = 0;
  readonly problems: string[] = [];
  readonly observer: Partial<FrameBusObserver> = {
    framesEvicted: (count) => (this.evicted += count),
    framesDropped: (count) => (this.dropped += count),
    retainedBytes: (bytes) => (this.retained = bytes),
    problem: (error) => this.problems.push('code' in error ? String(error.code) : error.message),
  };
}

const frame = (sequence: number) => {
  const make = sequence % 50 === 1 ? sampleKeyframe : sampleFrame;
  return { ...make(EPOCH, sequence), payload: new Uint8Array(FRAME_BYTES).fill(sequence) };
};

const held = async (bus: FrameBus, streamId: string): Promise<FrameRecorder> => {
  const recorder = new FrameRecorder();
  await bus.subscribe(streamId, OLDEST, recorder);
  return recorder;
};

describe('in one process', () => {
  const setUp = () => {
    const told = new Told();
    const bus = createMemoryFrameBus({ maxBytes: LIMIT, observer: told.observer });
    undo.push(() => bus.close());
    return { told, bus };
  };

  it('the logs of many streams stay within the limit, and each keeps its newest', async () => {
    const { told, bus } = setUp();
    const streams = Array.from({ length: 20 }, () => newId('str'));
    const publishers = streams.map((streamId) => bus.openPublisher(streamId, EPOCH, 'ten_a'));
    for (let sequence = 1; sequence <= 100; sequence++) for (const each of publishers) each.publish(frame(sequence));
    const [usage] = await bus.readLogs();
    expect(usage!.bytes).toBeLessThanOrEqual(LIMIT);
    expect(usage!.limitBytes).toBe(LIMIT);
    expect(told.evicted).toBe(2_000 - usage!.messages);
    expect(told.problems).toEqual(['memory-full']);
    for (const streamId of streams) {
      const recorder = await held(bus, streamId);
      await recorder.until(() => recorder.frames.at(-1)?.sequence === 100);
      expect(recorder.frames.length).toBeGreaterThan(10);
    }
  });

  it('a stream of another tenant keeps all of its frames beside one that fills the memory', async () => {
    const { bus } = setUp();
    const [small, large] = [newId('str'), newId('str')];
    const quiet = bus.openPublisher(small, EPOCH, 'ten_a');
    for (let sequence = 1; sequence <= 100; sequence++) quiet.publish(frame(sequence));
    const loud = bus.openPublisher(large, EPOCH, 'ten_b');
    for (let sequence = 1; sequence <= 1_000; sequence++) loud.publish(frame(sequence));
    const recorder = await held(bus, small);
    await recorder.untilCount(100);
    expect(recorder.gaps).toEqual([]);
  });
});

describe('over NATS', () => {
  const setUp = async () => {
    const told = new Told();
    const server = await startNatsServer();
    undo.push(() => server[Symbol.asyncDispose]());
    const bus = await createNatsFrameBus({
      url: server.url,
      retainedBytes: LIMIT,
      reconnectWaitMs: 50,
      ackIntervalMs: 100,
      observer: told.observer,
    });
    undo.push(() => bus.close());
    return { told, server, bus };
  };

  it('a publisher whose frames are never committed keeps the newest, and NATS has all', async () => {
    const { told, bus } = await setUp();
    const streams = [newId('str'), newId('str')];
    const publishers = streams.map((streamId) => bus.openPublisher(streamId, EPOCH, 'ten_a'));
    for (let sequence = 1; sequence <= 400; sequence++) {
      for (const publisher of publishers) publisher.publish(frame(sequence));
      if (sequence % 50 === 0) await expect.poll(() => publishers.map((each) => each.inflightBytes)).toEqual([0, 0]);
    }
    for (const publisher of publishers) publisher.flush();
    await expect.poll(() => told.retained).toBeGreaterThan(LIMIT / 2);
    expect(told.retained).toBeLessThanOrEqual(LIMIT);
    expect(told.evicted).toBeGreaterThan(300);
    expect(told.problems).toEqual(['memory-full']);
    for (const streamId of streams) {
      const recorder = await held(bus, streamId);
      await recorder.untilCount(400);
      expect(recorder.gaps).toEqual([]);
    }
    expect(told.dropped).toBe(0);
  });

  it('while it is away, a hundred publishers are told to stop before they fill more than the limit; then nothing is lost', async () => {
    const { told, server, bus } = await setUp();
    const streams = Array.from({ length: 100 }, () => newId('str'));
    const publishers = streams.map((streamId, index) => bus.openPublisher(streamId, EPOCH, `ten_${index % 7}`));
    await server.stop();
    await expect.poll(() => bus.isReady()).toBe(false);
    const counts = publishers.map((publisher) => {
      let count = 1;
      while (publisher.publish(frame(count))) count++;
      return count;
    });
    const bytes = publishers.reduce((sum, publisher) => sum + publisher.inflightBytes, 0);
    // Each may have gone one frame beyond its share.
    expect(bytes).toBeLessThanOrEqual((LIMIT * 3) / 4 + 100 * (FRAME_BYTES + 256));
    const drained = publishers.map((publisher) => new Promise<void>((resolve) => (publisher.onDrain = resolve)));
    await server.start();
    await Promise.all(drained);
    for (const [index, streamId] of [...streams.entries()].filter(([index]) => index % 10 === 0)) {
      const recorder = await held(bus, streamId);
      await recorder.untilCount(counts[index]!);
      expect(recorder.gaps).toEqual([]);
    }
    expect(told.dropped).toBe(0);
  });
});
