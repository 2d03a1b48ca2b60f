// What every frame bus does, whatever carries it. Each adapter's spec runs this against the real thing.
import { Codec, FrameFlag, FrameKind, newId } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FrameBus, FramePublisher, StartPosition } from './frame-bus.ts';
import { FrameBusError } from './frame-bus.errors.ts';
import { FrameRecorder } from './testing/frame-recorder.ts';
import { PoisonedMemory } from './testing/poisoned-memory.ts';
import {
  sampleConfiguration,
  sampleEnd,
  sampleEpoch,
  sampleFrame,
  sampleKeyframe,
  sampleMark,
  samplePayload,
} from './testing/sample-frames.ts';

const OLDEST: StartPosition = { from: 'position', position: { epoch: 0, sequence: 0 } };
const MiB = 1024 * 1024;
const E1 = 1_795_000_000_000;
const E2 = E1 + 60_000;

export interface FrameBusHarness {
  /** Makes what the buses need. */
  start(): Promise<void>;
  open(): Promise<FrameBus>;
  stop(): Promise<void>;
}

/** A frame without its payload, which large ones would make unreadable in a failure. */
const header = ({ payload, ...rest }: Frame): object => ({ ...rest, bytes: payload.byteLength });

const follow = async (bus: FrameBus, streamId: string, start: StartPosition): Promise<FrameRecorder> => {
  const recorder = new FrameRecorder();
  await bus.subscribe(streamId, start, recorder);
  return recorder;
};

/** Publishes all, waiting where the publisher asks for it, and resolves when everything is confirmed. */
async function publishAll(bus: FrameBus, streamId: string, frames: readonly Frame[]): Promise<void> {
  const publisher = bus.openPublisher(streamId, frames[0]!.epoch);
  for (const frame of frames) await publishOne(publisher, frame);
  await publisher.close(10_000);
  expect(publisher.inflightBytes).toBe(0);
}

async function publishOne(publisher: FramePublisher, frame: Frame): Promise<void> {
  const drained = new Promise<void>((resolve) => (publisher.onDrain = resolve));
  if (!publisher.publish(frame)) await drained;
}

export function frameBusContract(harness: FrameBusHarness): void {
  let bus: FrameBus;
  beforeAll(async () => {
    await harness.start();
    bus = await harness.open();
  });
  afterAll(async () => {
    await bus.close();
    await harness.stop();
  });

  describe('order', () => {
    it('carries every field and every byte of every kind of frame', async () => {
      const streamId = newId('str');
      const frames = [
        sampleConfiguration(E1, 1),
        sampleFrame(E1, 2, { kind: FrameKind.audio, codec: Codec.aac, flags: FrameFlag.configuration }),
        sampleFrame(E1, 3, { flags: FrameFlag.keyframe | FrameFlag.discontinuity, dts90k: -1 }),
        sampleFrame(E1, 4, { dts90k: Number.MIN_SAFE_INTEGER, compositionOffset90k: -0x8000_0000 }),
        sampleFrame(E1, 5, { dts90k: Number.MAX_SAFE_INTEGER, compositionOffset90k: 0x7fff_ffff }),
        sampleFrame(E1, 6, { kind: FrameKind.audio, codec: Codec.mp3, dts90k: 2 ** 33 + 5 }),
        sampleFrame(E1, 7, { kind: FrameKind.data, codec: Codec.none, payload: new Uint8Array(0) }),
        sampleFrame(E1, 8, { kind: FrameKind.end, codec: Codec.none, flags: FrameFlag.unpublished }),
      ];
      const recorder = await follow(bus, streamId, OLDEST);
      await publishAll(bus, streamId, frames);
      await recorder.untilCount(frames.length);
      expect(recorder.frames.map(header)).toEqual(frames.map(header));
      for (const [index, frame] of recorder.frames.entries())
        expect(Buffer.compare(frame.payload, frames[index]!.payload)).toBe(0);
    });

    it('passes through what only a newer release knows, and what comes with it', async () => {
      const streamId = newId('str');
      const frames = [
        sampleKeyframe(E1, 1),
        sampleFrame(E1, 2, { codec: 200, flags: FrameFlag.configuration }),
        sampleFrame(E1, 3, { kind: 5, codec: Codec.none }),
        sampleFrame(E1, 4, { kind: 255, codec: 255 }),
        sampleFrame(E1, 5, { track: 2, encoderTimeMs: E1 + 17 }),
        sampleFrame(E1, 6),
      ];
      const recorder = await follow(bus, streamId, OLDEST);
      await publishAll(bus, streamId, frames);
      await recorder.untilCount(frames.length);
      const late = await follow(bus, streamId, OLDEST);
      await late.untilCount(frames.length);
      for (const { frames: given, faults, gaps } of [recorder, late])
        expect([given.map(header), faults, gaps]).toEqual([frames.map(header), [], []]);
    });

    it('gives each frame once and in order to each of several subscribers', async () => {
      const streamId = newId('str');
      const recorders = [
        await follow(bus, streamId, { from: 'live' }),
        await follow(bus, streamId, OLDEST),
        await follow(bus, streamId, { from: 'keyframe' }),
      ];
      await publishAll(bus, streamId, sampleEpoch(E1, 500, 50));
      for (const recorder of recorders) {
        await recorder.untilCount(500);
        expect(recorder.sequences).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
        expect(recorder.gaps).toEqual([]);
      }
    });

    it('keeps streams apart', async () => {
      const streams = Array.from({ length: 40 }, () => newId('str'));
      const recorders = await Promise.all(streams.map((streamId) => follow(bus, streamId, OLDEST)));
      const publishers = streams.map((streamId, index) => bus.openPublisher(streamId, E1 + index));
      for (let sequence = 1; sequence <= 50; sequence++)
        for (const [index, publisher] of publishers.entries())
          publisher.publish(sampleFrame(E1 + index, sequence, { dts90k: index }));
      for (const publisher of publishers) publisher.flush();
      for (const [index, recorder] of recorders.entries()) {
        await recorder.untilCount(50);
        expect(recorder.faults).toEqual([]);
        expect(new Set(recorder.frames.map((frame) => frame.dts90k))).toEqual(new Set([index]));
      }
      await Promise.all(publishers.map((publisher) => publisher.close(5_000)));
    });

    it('carries frames of several MiB between small ones', async () => {
      const streamId = newId('str');
      const sizes = [10, 5 * MiB, 20, 30, 3 * MiB + 1, 1 * MiB, 40, 16 * MiB, 0];
      const frames = sizes.map((size, index) =>
        sampleFrame(E1, index + 1, { payload: samplePayload(E1, index + 1, size) }),
      );
      const live = await follow(bus, streamId, OLDEST);
      await publishAll(bus, streamId, frames);
      await live.untilCount(frames.length);
      const late = await follow(bus, streamId, { from: 'position', position: { epoch: E1, sequence: 8 } });
      await late.untilCount(2);
      expect(late.gaps).toEqual([]);
      for (const recorder of [live, late])
        for (const frame of recorder.frames)
          expect(Buffer.compare(frame.payload, frames[frame.sequence - 1]!.payload)).toBe(0);
    });
  });

  describe('where a subscriber starts', () => {
    it('starts live with the next frame', async () => {
      const streamId = newId('str');
      const publisher = bus.openPublisher(streamId, E1);
      const frames = sampleEpoch(E1, 30, 10);
      const before = await follow(bus, streamId, { from: 'live' });
      for (const frame of frames.slice(0, 20)) publisher.publish(frame);
      publisher.flush();
      await before.untilCount(20);
      const recorder = await follow(bus, streamId, { from: 'live' });
      for (const frame of frames.slice(20)) publisher.publish(frame);
      publisher.flush();
      await recorder.untilCount(10);
      expect(recorder.sequences).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
      await publisher.close(5_000);
    });

    it('starts at the newest keyframe, with the configuration before it', async () => {
      const streamId = newId('str');
      const frames = [
        ...sampleEpoch(E1, 20, 10),
        sampleConfiguration(E1, 21),
        sampleConfiguration(E1, 22),
        sampleKeyframe(E1, 23),
        sampleFrame(E1, 24),
        sampleConfiguration(E1, 25),
        sampleFrame(E1, 26),
      ];
      await publishAll(bus, streamId, frames);
      const recorder = await follow(bus, streamId, { from: 'keyframe' });
      await recorder.untilCount(6);
      expect(recorder.sequences).toEqual([21, 22, 23, 24, 25, 26]);
      expect(recorder.gaps).toEqual([]);
    });

    it('starts at a recovery point as it does at a keyframe', async () => {
      const streamId = newId('str');
      const recoveryPoint = (sequence: number) => sampleFrame(E1, sequence, { flags: FrameFlag.recoveryPoint });
      const publisher = bus.openPublisher(streamId, E1);
      const frames = [...sampleEpoch(E1, 10, 10), sampleConfiguration(E1, 11), recoveryPoint(12), sampleFrame(E1, 13)];
      for (const frame of frames) publisher.publish(frame);
      await publisher.close(5_000);
      const late = await follow(bus, streamId, { from: 'keyframe' });
      await late.untilCount(3);
      expect(late.sequences).toEqual([11, 12, 13]);
    });

    it('starts at the first keyframe that comes when the log holds none', async () => {
      const streamId = newId('str');
      const publisher = bus.openPublisher(streamId, E1);
      publisher.publish(sampleFrame(E1, 1));
      publisher.publish(sampleConfiguration(E1, 2));
      publisher.publish(sampleFrame(E1, 3));
      publisher.flush();
      const recorder = await follow(bus, streamId, { from: 'keyframe' });
      publisher.publish(sampleFrame(E1, 4));
      publisher.publish(sampleConfiguration(E1, 5));
      publisher.publish(sampleConfiguration(E1, 6));
      publisher.publish(sampleKeyframe(E1, 7));
      await recorder.untilCount(3);
      expect(recorder.sequences).toEqual([5, 6, 7]);
      await publisher.close(5_000);
    });

    it.each([1, 2, 57, 199, 200])('starts at position %i', async (sequence) => {
      const streamId = newId('str');
      await publishAll(bus, streamId, sampleEpoch(E1, 200, 400));
      const recorder = await follow(bus, streamId, { from: 'position', position: { epoch: E1, sequence } });
      await recorder.untilCount(201 - sequence);
      expect(recorder.sequences[0]).toBe(sequence);
      expect(recorder.faults).toEqual([]);
      expect(recorder.gaps).toEqual([]);
    });

    it('waits for a position that is not published yet', async () => {
      const streamId = newId('str');
      const frames = sampleEpoch(E1, 20, 40);
      const publisher = bus.openPublisher(streamId, E1);
      for (const frame of frames.slice(0, 10)) publisher.publish(frame);
      publisher.flush();
      const recorder = await follow(bus, streamId, { from: 'position', position: { epoch: E1, sequence: 16 } });
      for (const frame of frames.slice(10)) publisher.publish(frame);
      publisher.flush();
      await recorder.untilCount(5);
      expect(recorder.sequences).toEqual([16, 17, 18, 19, 20]);
      expect(recorder.gaps).toEqual([]);
      await publisher.close(5_000);
    });

    it('joins the backlog to what is published meanwhile', async () => {
      const streamId = newId('str');
      const publisher = bus.openPublisher(streamId, E1);
      const frames = sampleEpoch(E1, 3_000, 6_000, 500);
      for (const frame of frames.slice(0, 2_000)) await publishOne(publisher, frame);
      const subscribed = follow(bus, streamId, { from: 'position', position: { epoch: E1, sequence: 1_001 } });
      for (const frame of frames.slice(2_000)) {
        await publishOne(publisher, frame);
        if (frame.sequence % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      publisher.flush();
      const recorder = await subscribed;
      await recorder.untilCount(2_000);
      expect(recorder.sequences).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1_001));
      expect(recorder.gaps).toEqual([]);
      await publisher.close(5_000);
    });

    it('calls nothing before subscribe has resolved', async () => {
      const streamId = newId('str');
      await publishAll(bus, streamId, sampleEpoch(E1, 5, 5));
      const recorder = new FrameRecorder();
      let calledBefore = false;
      let isResolved = false;
      recorder.onEach = () => (calledBefore ||= !isResolved);
      const subscribed = bus.subscribe(streamId, OLDEST, recorder).then(() => (isResolved = true));
      await Promise.all([subscribed, recorder.untilCount(5)]);
      expect(calledBefore).toBe(false);
    });
  });

  describe('gaps and epochs', () => {
    it('reports numbers that were never published, and goes on', async () => {
      const streamId = newId('str');
      const live = await follow(bus, streamId, OLDEST);
      await publishAll(bus, streamId, [sampleFrame(E1, 1), sampleFrame(E1, 2), sampleFrame(E1, 5), sampleFrame(E1, 6)]);
      await live.untilCount(4);
      const late = await follow(bus, streamId, OLDEST);
      await late.untilCount(4);
      for (const recorder of [live, late]) {
        expect(recorder.sequences).toEqual([1, 2, 5, 6]);
        expect(recorder.gaps).toEqual([{ expected: { epoch: E1, sequence: 3 }, next: { epoch: E1, sequence: 5 } }]);
        expect(recorder.faults).toEqual([]);
      }
    });

    it('reports what lies between the start position and the log', async () => {
      const streamId = newId('str');
      await publishAll(bus, streamId, [sampleFrame(E1, 8), sampleFrame(E1, 9)]);
      const recorder = await follow(bus, streamId, { from: 'position', position: { epoch: E1, sequence: 3 } });
      await recorder.untilCount(2);
      expect(recorder.gaps).toEqual([{ expected: { epoch: E1, sequence: 3 }, next: { epoch: E1, sequence: 8 } }]);
    });

    it.each([
      ['that ended', [sampleFrame(E1, 1), sampleEnd(E1, 2)]],
      ['that broke off', [sampleFrame(E1, 1), sampleFrame(E1, 2)]],
    ])('goes on without a gap from an epoch %s to the next one', async (_, first) => {
      const streamId = newId('str');
      const live = await follow(bus, streamId, OLDEST);
      await publishAll(bus, streamId, first);
      await publishAll(bus, streamId, [sampleFrame(E2, 1), sampleFrame(E2, 2)]);
      const starts = [OLDEST, { from: 'position', position: { epoch: E1, sequence: 3 } }] as const;
      const [oldest, resumed] = await Promise.all(starts.map((start) => follow(bus, streamId, start)));
      await Promise.all([live.untilCount(4), oldest!.untilCount(4), resumed!.untilCount(2)]);
      expect(live.positions).toBe(`${E1}/1 ${E1}/2 ${E2}/1 ${E2}/2`);
      expect(oldest!.positions).toBe(live.positions);
      expect(resumed!.positions).toBe(`${E2}/1 ${E2}/2`);
      for (const recorder of [live, oldest, resumed]) expect(recorder!.gaps).toEqual([]);
    });

    it('reports an epoch whose beginning is missing', async () => {
      const streamId = newId('str');
      const recorder = await follow(bus, streamId, OLDEST);
      await publishAll(bus, streamId, [sampleFrame(E1, 1), sampleEnd(E1, 2)]);
      await publishAll(bus, streamId, [sampleFrame(E2, 3), sampleFrame(E2, 4)]);
      await recorder.untilCount(4);
      expect(recorder.gaps).toEqual([{ expected: { epoch: E1, sequence: 3 }, next: { epoch: E2, sequence: 3 } }]);
    });

    it('reports a start position in an epoch of which nothing is left', async () => {
      const streamId = newId('str');
      await publishAll(bus, streamId, [sampleFrame(E2, 1), sampleFrame(E2, 2)]);
      const recorder = await follow(bus, streamId, { from: 'position', position: { epoch: E1, sequence: 7 } });
      await recorder.untilCount(2);
      expect(recorder.gaps).toEqual([{ expected: { epoch: E1, sequence: 7 }, next: { epoch: E2, sequence: 1 } }]);
    });

    it('drops what an older epoch still sends', async () => {
      const streamId = newId('str');
      const live = await follow(bus, streamId, OLDEST);
      const older = bus.openPublisher(streamId, E1);
      const newer = bus.openPublisher(streamId, E2);
      older.publish(sampleKeyframe(E1, 1));
      await live.untilCount(1);
      newer.publish(sampleKeyframe(E2, 1));
      await live.untilCount(2);
      older.publish(sampleKeyframe(E1, 2));
      await older.close(5_000);
      newer.publish(sampleKeyframe(E2, 2));
      await live.untilCount(3);
      const late = await follow(bus, streamId, OLDEST);
      await late.untilCount(3);
      for (const recorder of [live, late]) expect(recorder.positions).toBe(`${E1}/1 ${E2}/1 ${E2}/2`);
      await newer.close(5_000);
    });
  });

  it('finds a position between what two epochs have sent at the same time', async () => {
    const streamId = newId('str');
    const seen = await follow(bus, streamId, OLDEST);
    const older = bus.openPublisher(streamId, E1);
    const newer = bus.openPublisher(streamId, E2);
    for (let sequence = 1; sequence <= 300; sequence++) {
      newer.publish(sampleKeyframe(E2, sequence));
      older.publish(sampleKeyframe(E1, sequence));
    }
    await seen.untilCount(300);
    const resume = async (sequence: number): Promise<void> => {
      const recorder = await follow(bus, streamId, { from: 'position', position: { epoch: E2, sequence } });
      await recorder.untilCount(seen.frames.length + 1 - sequence);
      expect(recorder.sequences[0]).toBe(sequence);
      expect([...recorder.gaps, ...recorder.faults]).toEqual([]);
    };
    for (const sequence of [1, 77, 299]) await resume(sequence);
    newer.publish(sampleKeyframe(E2, 301));
    await seen.untilCount(301);
    for (const sequence of [1, 76, 77, 78, 79, 150, 300]) await resume(sequence);
    await Promise.all([older.close(5_000), newer.close(5_000)]);
  });

  describe('commit marks', () => {
    it('has none for a stream that was never committed', async () => {
      expect(await bus.lastCommit(newId('str'))).toBeUndefined();
    });

    it('gives back the newest one, whole', async () => {
      const streamId = newId('str');
      for (const sequence of [1, 2, 3])
        await bus.recordCommit(sampleMark(streamId, sequence, { epoch: E1, sequence: sequence * 100 }));
      expect(await bus.lastCommit(streamId)).toEqual(sampleMark(streamId, 3, { epoch: E1, sequence: 300 }));
    });

    it('never goes back, and takes one with the same number', async () => {
      const streamId = newId('str');
      await bus.recordCommit(sampleMark(streamId, 10, { epoch: E1, sequence: 100 }));
      await bus.recordCommit(sampleMark(streamId, 9, { epoch: E2, sequence: 1 }));
      expect((await bus.lastCommit(streamId))?.head.position).toEqual({ epoch: E1, sequence: 100 });
      await bus.recordCommit(sampleMark(streamId, 10, { epoch: E2, sequence: 5 }));
      expect((await bus.lastCommit(streamId))?.head.position).toEqual({ epoch: E2, sequence: 5 });
    });

    it('keeps the greatest of many that are recorded at the same time', async () => {
      const streamId = newId('str');
      const marks = [3, 7, 1, 9, 5].map((n) => sampleMark(streamId, n, { epoch: E1, sequence: n }));
      await Promise.all(marks.map((mark) => bus.recordCommit(mark)));
      expect((await bus.lastCommit(streamId))?.head.mediaSequence).toBe(9);
    });
  });

  describe('memory of payloads', () => {
    it('is free once a mark covers the frames and readers have released them, and not before', async () => {
      const streamId = newId('str');
      const memory = new PoisonedMemory();
      const publisher = bus.openPublisher(streamId, E1);
      publisher.memory = memory;
      const recorder = new FrameRecorder();
      const wrong: number[] = [];
      recorder.onEach = ({ sequence, payload }) => {
        if (Buffer.compare(payload, samplePayload(E1, sequence, payload.length)) !== 0) wrong.push(sequence);
      };
      const subscription = await bus.subscribe(streamId, OLDEST, recorder);
      for (const frame of sampleEpoch(E1, 100, 10)) await publishOne(publisher, frame);
      expect(await publisher.confirmed(10_000)).toBe(true);
      await recorder.untilCount(100);
      expect([memory.kept.size, memory.freed.length]).toEqual([90, 0]);
      subscription.release({ epoch: E1, sequence: 51 });
      await bus.recordCommit(sampleMark(streamId, 1, { epoch: E1, sequence: 51 }));
      await expect.poll(() => memory.freed.length).toBe(45);
      expect(wrong).toEqual([]);
      await publisher.close(10_000);
      subscription.close();
    });
  });

  describe('publishing', () => {
    it('loses nothing when more is published than may be in flight, and drains', async () => {
      const streamId = newId('str');
      const recorder = await follow(bus, streamId, OLDEST);
      const frames = Array.from({ length: 160 }, (_, index) =>
        sampleFrame(E1, index + 1, { payload: samplePayload(E1, index % 4, 256 * 1024) }),
      );
      await publishAll(bus, streamId, frames);
      await recorder.untilCount(frames.length);
      expect(recorder.faults).toEqual([]);
      expect(recorder.gaps).toEqual([]);
    });

    it('sends at once what is flushed', async () => {
      const streamId = newId('str');
      const recorder = await follow(bus, streamId, { from: 'live' });
      const publisher = bus.openPublisher(streamId, E1);
      publisher.publish(sampleFrame(E1, 1));
      publisher.flush();
      await recorder.untilCount(1);
      await publisher.close(5_000);
    });

    it('says when the log has what was published: a reader who comes then finds it', async () => {
      const streamId = newId('str');
      const publisher = bus.openPublisher(streamId, E1);
      publisher.publish(sampleFrame(E1, 1));
      publisher.publish(sampleFrame(E1, 2));
      expect(await Promise.all([publisher.confirmed(10_000), publisher.confirmed(10_000)])).toEqual([true, true]);
      expect(publisher.inflightBytes).toBe(0);
      const recorder = await follow(bus, streamId, { from: 'position', position: { epoch: 0, sequence: 0 } });
      await recorder.untilCount(2);
      expect(await publisher.confirmed(10_000)).toBe(true);
      await publisher.close(5_000);
    });

    it('refuses frames that do not follow, of another epoch, or that are too large', async () => {
      const publisher = bus.openPublisher(newId('str'), E1);
      publisher.publish(sampleFrame(E1, 2));
      for (const frame of [sampleFrame(E1, 2), sampleFrame(E1, 1), sampleFrame(E2, 3)])
        expect(() => publisher.publish(frame)).toThrow(FrameBusError);
      const large = sampleFrame(E1, 3, { payload: new Uint8Array(16 * MiB + 1) });
      expect(() => publisher.publish(large)).toThrow(/bytes/);
      expect(() => publisher.publish(sampleFrame(E1, 3, { dts90k: 0.5 }))).toThrow(/dts/);
      expect(publisher.publish(sampleFrame(E1, 3))).toBe(true);
      await publisher.close(5_000);
    });

    it('takes nothing more after close, which may be called twice', async () => {
      const publisher = bus.openPublisher(newId('str'), E1);
      publisher.publish(sampleFrame(E1, 1));
      await Promise.all([publisher.close(5_000), publisher.close(5_000)]);
      await publisher.close(5_000);
      expect(publisher.publish(sampleFrame(E1, 2))).toBe(false);
      expect(publisher.inflightBytes).toBe(0);
    });
  });

  describe('subscribers', () => {
    it('calls nothing after close, also from inside a call', async () => {
      const streamId = newId('str');
      const [closing, other] = [new FrameRecorder(), new FrameRecorder()];
      const subscription = await bus.subscribe(streamId, OLDEST, closing);
      await bus.subscribe(streamId, OLDEST, other);
      closing.onEach = (frame) => frame.sequence === 3 && subscription.close();
      await publishAll(bus, streamId, sampleEpoch(E1, 20, 5));
      await Promise.all([other.untilCount(20), closing.untilCount(3)]);
      await publishAll(bus, streamId, sampleEpoch(E2, 5, 5));
      await other.untilCount(25);
      expect(closing.sequences).toEqual([1, 2, 3]);
      subscription.close();
    });

    it('is not re-entered when it publishes, subscribes or commits from inside a call', async () => {
      const [streamId, echoId] = [newId('str'), newId('str')];
      const publisher = bus.openPublisher(streamId, E1);
      const echo = bus.openPublisher(echoId, E1);
      const recorder = new FrameRecorder();
      const late = new FrameRecorder();
      let depth = 0;
      let deepest = 0;
      recorder.onEach = (frame) => {
        deepest = Math.max(deepest, ++depth);
        if (frame.sequence < 40) publisher.publish(sampleKeyframe(E1, frame.sequence + 1));
        echo.publish(sampleKeyframe(E1, frame.sequence));
        if (frame.sequence === 20) void bus.subscribe(streamId, OLDEST, late);
        if (frame.sequence === 30) void bus.recordCommit(sampleMark(streamId, 1, { epoch: E1, sequence: 2 }));
        depth--;
      };
      const echoed = await follow(bus, echoId, OLDEST);
      await bus.subscribe(streamId, OLDEST, recorder);
      publisher.publish(sampleKeyframe(E1, 1));
      await Promise.all([
        recorder.untilCount(40),
        echoed.untilCount(40),
        late.until(() => late.sequences.includes(40)),
      ]);
      expect(deepest).toBe(1);
      expect([...recorder.faults, ...echoed.faults, ...late.faults]).toEqual([]);
      await Promise.all([publisher.close(5_000), echo.close(5_000)]);
    });

    it('closes one that throws, and leaves the others alone', async () => {
      const streamId = newId('str');
      const failing = new FrameRecorder();
      failing.onEach = () => {
        throw new Error('a defect of the subscriber');
      };
      await bus.subscribe(streamId, OLDEST, failing);
      const recorder = await follow(bus, streamId, OLDEST);
      await publishAll(bus, streamId, sampleEpoch(E1, 20, 5));
      await Promise.all([recorder.untilCount(20), failing.untilCount(1)]);
      await publishAll(bus, streamId, sampleEpoch(E2, 20, 5));
      await recorder.untilCount(40);
      expect(failing.sequences).toEqual([1]);
    });
  });

  it.each(['', 'str_', 'live/secret', '*', '>', 'str_0000000000000000000000000.', newId('ten')])(
    'refuses %j as the id of a stream',
    async (streamId) => {
      expect(() => bus.openPublisher(streamId, E1)).toThrow(FrameBusError);
      await expect(bus.subscribe(streamId, OLDEST, new FrameRecorder())).rejects.toThrow(FrameBusError);
      await expect(bus.lastCommit(streamId)).rejects.toThrow(FrameBusError);
      const mark = sampleMark(streamId, 1, { epoch: E1, sequence: 1 });
      await expect(bus.recordCommit(mark)).rejects.toThrow(FrameBusError);
    },
  );

  it('closes everything that was opened from it', async () => {
    const own = await harness.open();
    const streamId = newId('str');
    expect(own.isReady()).toBe(true);
    const recorder = await follow(own, streamId, OLDEST);
    const publisher = own.openPublisher(streamId, E1);
    publisher.publish(sampleKeyframe(E1, 1));
    await recorder.untilCount(1);
    await Promise.all([own.close(), own.close()]);
    expect(own.isReady()).toBe(false);
    expect(publisher.publish(sampleFrame(E1, 2))).toBe(false);
    expect(() => own.openPublisher(streamId, E2)).toThrow(FrameBusError);
    await expect(own.subscribe(streamId, OLDEST, recorder)).rejects.toThrow(FrameBusError);
    await expect(own.lastCommit(streamId)).rejects.toThrow(FrameBusError);
    expect(recorder.sequences).toEqual([1]);
  });
}
