// What the log of a stream in memory keeps, seen from outside.
import { newId } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryFrameBus } from '../frame-bus.memory.ts';
import type { MemoryFrameBusOptions } from '../frame-bus.memory.ts';
import { FrameRecorder } from '../testing/frame-recorder.ts';
import { sampleConfiguration, sampleEpoch, sampleFrame, sampleMark, samplePayload } from '../testing/sample-frames.ts';

const OLDEST = { from: 'position', position: { epoch: 0, sequence: 0 } } as const;

const setUp = (options: MemoryFrameBusOptions = {}) => {
  const bus = createMemoryFrameBus(options);
  const streamId = newId('str');
  const publisher = bus.openPublisher(streamId, 1);
  /** What the log holds now. */
  const held = async (): Promise<number[]> => {
    const recorder = new FrameRecorder();
    const subscription = await bus.subscribe(streamId, OLDEST, recorder);
    await new Promise((resolve) => setImmediate(resolve));
    subscription.close();
    return recorder.sequences;
  };
  const commit = (mediaSequence: number, sequence: number) =>
    bus.recordCommit(sampleMark(streamId, mediaSequence, { epoch: 1, sequence }));
  return { bus, streamId, publisher, held, commit };
};

describe('the log in memory', () => {
  it('keeps everything that no mark covers', async () => {
    const { publisher, held } = setUp();
    for (const frame of sampleEpoch(1, 1_000, 10)) publisher.publish(frame);
    expect(await held()).toHaveLength(1_000);
  });

  it('forgets what a mark covers, but for the current and the previous group of pictures', async () => {
    const { publisher, held, commit } = setUp();
    for (const frame of sampleEpoch(1, 100, 10)) publisher.publish(frame);
    await commit(1, 51);
    expect((await held())[0]).toBe(51);
    await commit(2, 99);
    expect((await held())[0]).toBe(81);
    publisher.publish(sampleConfiguration(1, 101));
    publisher.publish(sampleFrame(1, 102, { flags: 1 }));
    expect((await held())[0]).toBe(91);
    expect((await held()).at(-1)).toBe(102);
  });

  it('forgets the oldest beyond its limit, whatever they are, and says so', async () => {
    const { bus, streamId, publisher, held } = setUp({ maxBytesPerStream: 1_000_000 });
    const late = new FrameRecorder();
    const subscribed = bus.subscribe(streamId, { from: 'live' }, late);
    for (let sequence = 1; sequence <= 50; sequence++)
      publisher.publish(sampleFrame(1, sequence, { payload: samplePayload(1, sequence, 100_000) }));
    expect(await held()).toEqual([42, 43, 44, 45, 46, 47, 48, 49, 50]);
    await subscribed;
    expect(late.sequences).toEqual([42, 43, 44, 45, 46, 47, 48, 49, 50]);
    const resumed = new FrameRecorder();
    await bus.subscribe(streamId, { from: 'position', position: { epoch: 1, sequence: 30 } }, resumed);
    await resumed.untilCount(9);
    expect(resumed.gaps).toEqual([{ expected: { epoch: 1, sequence: 30 }, next: { epoch: 1, sequence: 42 } }]);
  });

  it('keeps one frame that is larger than the limit', async () => {
    const { publisher, held } = setUp({ maxBytesPerStream: 1_000 });
    for (const sequence of [1, 2]) publisher.publish(sampleFrame(1, sequence, { payload: new Uint8Array(5_000) }));
    expect(await held()).toEqual([2]);
  });

  it('gives the very frames that were published: nothing is copied', async () => {
    const { bus, streamId, publisher } = setUp();
    const recorder = new FrameRecorder();
    await bus.subscribe(streamId, OLDEST, recorder);
    await new Promise((resolve) => setImmediate(resolve));
    const frame = sampleFrame(1, 1);
    publisher.publish(frame);
    expect(recorder.frames[0]).toBe(frame);
  });
});
