// When the bus says that a payload may be written over: never while anything can read it.
import { FrameFlag, newId } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryFrameBus } from '../frame-bus.memory.ts';
import type { MemoryFrameBusOptions } from '../frame-bus.memory.ts';
import type { FrameSubscription, StartPosition } from '../frame-bus.ts';
import { PoisonedMemory } from '../testing/poisoned-memory.ts';
import { sampleEpoch, sampleFrame, sampleMark, samplePayload } from '../testing/sample-frames.ts';

const OLDEST: StartPosition = { from: 'position', position: { epoch: 0, sequence: 0 } };
const STARTS: readonly StartPosition[] = [OLDEST, { from: 'keyframe' }, { from: 'live' }];

const payloads = new Map<string, Uint8Array>();

/** What was sent, as it was sent. */
function expected(sequence: number, length: number): Uint8Array {
  const key = `${sequence} ${length}`;
  const known = payloads.get(key) ?? samplePayload(1, sequence, length);
  payloads.set(key, known);
  return known;
}

/** Keeps every frame that it was given and has not released, and looks at all of them. */
class Reader {
  readonly frames: Frame[] = [];
  subscription: FrameSubscription | undefined;

  onFrame(frame: Frame): void {
    this.frames.push(frame);
    this.check();
  }

  onGap(): void {}

  release(sequence: number): void {
    this.subscription?.release({ epoch: 1, sequence });
    this.frames.splice(0, this.frames.filter((frame) => frame.sequence < sequence).length);
  }

  check(): void {
    for (const { sequence, payload } of this.frames)
      if (Buffer.compare(payload, expected(sequence, payload.length)) !== 0)
        throw new Error(`frame ${sequence} was written over while it could be read`);
  }
}

async function setUp(options: MemoryFrameBusOptions = {}) {
  const bus = createMemoryFrameBus(options);
  const streamId = newId('str');
  const memory = new PoisonedMemory();
  const publisher = bus.openPublisher(streamId, 1);
  publisher.memory = memory;
  const sequences = new Map<Uint8Array, number>();
  const publish = (...frames: readonly Frame[]): void => {
    for (const frame of frames) {
      sequences.set(frame.payload, frame.sequence);
      publisher.publish(frame);
    }
  };
  const freed = () => memory.freed.map((payload) => sequences.get(payload));
  const read = async (start: StartPosition = OLDEST): Promise<Reader> => {
    const reader = new Reader();
    reader.subscription = await bus.subscribe(streamId, start, reader);
    await new Promise((resolve) => setImmediate(resolve));
    return reader;
  };
  const commit = (mediaSequence: number, sequence: number) =>
    bus.recordCommit(sampleMark(streamId, mediaSequence, { epoch: 1, sequence }));
  return { bus, streamId, memory, publish, freed, read, commit };
}

/** 100 frames in groups of ten, the first of each a configuration. */
const FRAMES = 100;

describe('what the bus says of payloads', () => {
  it('frees what is committed and was given to no reader', async () => {
    const { memory, publish, freed, commit } = await setUp();
    publish(...sampleEpoch(1, FRAMES, 10));
    await commit(1, 51);
    expect(freed()).toEqual(numbers(1, 50).filter((sequence) => sequence % 10 !== 1));
    expect(memory.kept.size).toBe(90 - 45);
  });

  it('frees nothing that a reader was given and has not released, and the rest', async () => {
    const { publish, freed, read, commit } = await setUp();
    const reader = await read();
    publish(...sampleEpoch(1, FRAMES, 10));
    reader.release(31);
    await commit(1, 51);
    reader.check();
    expect(freed()).toEqual(numbers(1, 30).filter((sequence) => sequence % 10 !== 1));
  });

  it('frees nothing that a reader was given that has left, nor what came before it', async () => {
    const { publish, freed, read, commit } = await setUp();
    const frames = sampleEpoch(1, FRAMES, 10);
    publish(...frames.slice(0, 40));
    const reader = await read();
    reader.subscription?.close();
    publish(...frames.slice(40));
    await commit(1, 81);
    reader.check();
    expect(freed()).toEqual(numbers(41, 80).filter((sequence) => sequence % 10 !== 1));
  });

  it('frees nothing that goes for want of room while a reader has it', async () => {
    const { publish, freed, read } = await setUp({ maxBytesPerStream: 30_000 });
    const reader = await read();
    for (let sequence = 1; sequence <= 20; sequence++)
      publish(sampleFrame(1, sequence, { payload: samplePayload(1, sequence, 5_000) }));
    reader.check();
    expect(freed()).toEqual([]);
    reader.release(21);
    publish(sampleFrame(1, 21, { payload: samplePayload(1, 21, 5_000) }));
    expect(freed()).not.toHaveLength(0);
  });

  it('says nothing of the frames of an earlier publisher, nor of one that is too late', async () => {
    const { bus, streamId, memory, publish, freed, commit } = await setUp();
    publish(...sampleEpoch(1, 20, 10));
    const next = bus.openPublisher(streamId, 2);
    const nextMemory = new PoisonedMemory();
    next.memory = nextMemory;
    for (const frame of sampleEpoch(2, 40, 10)) next.publish(frame);
    const { size } = memory.kept;
    publish(sampleFrame(1, 21, {}));
    expect(memory.kept.size).toBe(size);
    await commit(1, 20);
    await bus.recordCommit(sampleMark(streamId, 2, { epoch: 2, sequence: 11 }));
    expect(freed()).toEqual([]);
    expect(nextMemory.freed).toHaveLength(9);
  });

  it('never frees what can be read, whatever readers and the log do', async () => {
    const publishes = fc.record({ do: fc.constant('publish' as const), flags: fc.integer({ min: 0, max: 9 }) });
    const join = fc.record({ do: fc.constant('join' as const), start: fc.nat(2) });
    const leave = fc.record({ do: fc.constant('leave' as const), reader: fc.nat(9) });
    const release = fc.record({ do: fc.constant('release' as const), isAll: fc.boolean(), behind: fc.nat(10) });
    const commits = fc.record({ do: fc.constant('commit' as const), behind: fc.nat(10) });
    const action = fc.oneof(
      { weight: 60, arbitrary: publishes },
      { weight: 2, arbitrary: join },
      { weight: 1, arbitrary: leave },
      { weight: 8, arbitrary: release },
      { weight: 8, arbitrary: commits },
    );
    let total = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 200, maxLength: 400 }), async (actions) => {
        const { bus, publish, freed, read, commit } = await setUp({ maxBytesPerStream: 20_000 });
        const readers: Reader[] = [];
        const left: Reader[] = [];
        let sequence = 0;
        for (const [index, act] of actions.entries()) {
          if (act.do === 'publish') {
            const flags = act.flags === 0 ? FrameFlag.keyframe : act.flags === 1 ? FrameFlag.configuration : 0;
            publish(sampleFrame(1, ++sequence, { flags }));
          } else if (act.do === 'join') readers.push(await read(STARTS[act.start]));
          else if (act.do === 'commit') await commit(index, Math.max(1, sequence - act.behind));
          else if (act.do === 'release') {
            for (const reader of act.isAll ? readers : readers.slice(1))
              reader.release(Math.max(1, sequence - act.behind));
          } else
            for (const reader of readers.splice(act.reader, 1)) {
              reader.subscription?.close();
              left.push(reader);
            }
          for (const reader of [...readers, ...left]) reader.check();
        }
        total += freed().length;
        await bus.close();
      }),
      { numRuns: 50 },
    );
    expect(total).toBeGreaterThan(200);
  });
});

const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
