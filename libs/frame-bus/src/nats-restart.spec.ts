// NATS goes away in the middle of things, with and without what it had stored.
import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FrameBus } from './frame-bus.ts';
import { createNatsFrameBus } from './frame-bus.nats.ts';
import type { NatsFrameBusOptions } from './frame-bus.nats.ts';
import { administer } from './testing/administer.ts';
import { FrameRecorder } from './testing/frame-recorder.ts';
import { startNatsServer } from './testing/nats-server.ts';
import type { NatsServer } from './testing/nats-server.ts';
import { publishRun } from './testing/publish-run.ts';
import { sampleEnd, sampleFrame, sampleKeyframe, sampleMark } from './testing/sample-frames.ts';

const EPOCH = 1_795_000_000_000;
const OLDEST = { from: 'position', position: { epoch: 0, sequence: 0 } } as const;

let server: NatsServer;
let edge: FrameBus;
let packager: FrameBus;
const buses: FrameBus[] = [];

const open = async (options: Partial<NatsFrameBusOptions> = {}): Promise<FrameBus> => {
  const bus = await createNatsFrameBus({ url: server.url, reconnectWaitMs: 50, ...options });
  buses.push(bus);
  return bus;
};

beforeEach(async () => {
  server = await startNatsServer();
  edge = await open();
  packager = await open();
});
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
  await server[Symbol.asyncDispose]();
});

const restarts: [string, () => Promise<void>][] = [
  ['is killed and keeps what is on its disk', async () => server.kill()],
  ['is killed and its disk is emptied', async () => server.kill().then(() => server.wipe())],
  ['is stopped', async () => server.stop()],
];

describe('NATS at full speed', () => {
  it.each(restarts)('%s, twice: no frame is lost or repeated', { timeout: 60_000 }, async (_, end) => {
    const frames = 6_000;
    const streams = [newId('str'), newId('str'), newId('str')];
    const recorders = streams.map(() => new FrameRecorder());
    for (const [index, streamId] of streams.entries()) await packager.subscribe(streamId, OLDEST, recorders[index]!);
    const restart = async (): Promise<void> => {
      await end();
      await server.start();
    };
    const restarted = [2_000, 4_500].reduce(
      (before, count) => before.then(() => recorders[0]!.untilCount(count)).then(restart),
      Promise.resolve(),
    );
    const runs = streams.map((streamId) => publishRun(edge, streamId, { epoch: EPOCH, frames }));
    const publishers = await Promise.all(runs);
    await restarted;
    for (const recorder of recorders) {
      await recorder.untilCount(frames);
      expect(recorder.faults).toEqual([]);
      expect(recorder.gaps).toEqual([]);
      expect(recorder.frames.length).toBe(frames);
    }
    await Promise.all(publishers.map((publisher) => publisher.close(10_000)));
    expect(publishers.map((publisher) => publisher.inflightBytes)).toEqual([0, 0, 0]);
  });
});

describe('NATS comes back empty', () => {
  it('gets again what no mark covers, for readers that come later', async () => {
    const streamId = newId('str');
    const seen = new FrameRecorder();
    await packager.subscribe(streamId, OLDEST, seen);
    const publisher = await publishRun(edge, streamId, { epoch: EPOCH, frames: 100 });
    await seen.untilCount(100);
    await packager.recordCommit(sampleMark(streamId, 1, { epoch: EPOCH, sequence: 61 }));
    await server.kill();
    await server.start();
    const late = new FrameRecorder();
    await (await open()).subscribe(streamId, OLDEST, late);
    await late.untilCount(40);
    expect(late.sequences[0]).toBe(61);
    expect(late.faults).toEqual([]);
    publisher.publish(sampleFrame(EPOCH, 101));
    await Promise.all([seen.untilCount(101), late.untilCount(41)]);
    expect([...seen.gaps, ...seen.faults, ...late.gaps, ...late.faults]).toEqual([]);
  });

  it('gets again what a publisher left behind that was closed meanwhile', async () => {
    const streamId = newId('str');
    const publisher = await publishRun(edge, streamId, { epoch: EPOCH, frames: 10 });
    await server.kill();
    publisher.publish(sampleEnd(EPOCH, 11));
    await publisher.close(10);
    await server.start();
    const recorder = new FrameRecorder();
    await (await open()).subscribe(streamId, OLDEST, recorder);
    await recorder.untilCount(11);
    expect(recorder.gaps).toEqual([]);
  });

  it('tells a reader what was committed and is gone', async () => {
    const streamId = newId('str');
    let kept = 0;
    const own = await open({ observer: { retainedBytes: (bytes) => (kept = bytes) } });
    const publisher = await publishRun(own, streamId, { epoch: EPOCH, frames: 100 });
    await publisher.close(5_000);
    await expect.poll(() => kept).toBeGreaterThan(0);
    await packager.recordCommit(sampleMark(streamId, 1, { epoch: EPOCH, sequence: 101 }));
    // Until the edge has heard of the mark it would send again what the mark covers.
    await expect.poll(() => kept).toBe(0);
    await server.kill();
    await server.start();
    const next = await publishRun(own, streamId, { epoch: EPOCH + 1, frames: 5 });
    const recorder = new FrameRecorder();
    await packager.subscribe(streamId, { from: 'position', position: { epoch: EPOCH, sequence: 41 } }, recorder);
    await recorder.untilCount(5);
    const gap = { expected: { epoch: EPOCH, sequence: 41 }, next: { epoch: EPOCH + 1, sequence: 1 } };
    expect(recorder.gaps).toEqual([gap]);
    await next.close(5_000);
  });

  it('gives a subscriber the frames that were sent while only it was away', async () => {
    const streamId = newId('str');
    const recorder = new FrameRecorder();
    await packager.subscribe(streamId, OLDEST, recorder);
    const publisher = await publishRun(edge, streamId, { epoch: EPOCH, frames: 50 });
    await recorder.untilCount(50);
    await server.kill();
    for (let sequence = 51; sequence <= 80; sequence++) publisher.publish(sampleKeyframe(EPOCH, sequence));
    publisher.publish(sampleEnd(EPOCH, 81));
    await server.start();
    await publisher.close(10_000);
    await recorder.untilCount(81);
    expect([...recorder.faults, ...recorder.gaps]).toEqual([]);
  });
});

describe('a stream of NATS is deleted under a running bus', () => {
  it('is made again when acknowledgements stay away, and gets what is kept', async () => {
    const own = await open({ ackTimeoutMs: 200, ackIntervalMs: 100 });
    const streamId = newId('str');
    const recorder = new FrameRecorder();
    await packager.subscribe(streamId, OLDEST, recorder);
    const publisher = await publishRun(own, streamId, { epoch: EPOCH, frames: 30 });
    await recorder.untilCount(30);
    await administer(server.url, async (jsm) => {
      await jsm.streams.delete('FRAMES_0');
    });
    publisher.publish(sampleKeyframe(EPOCH, 31));
    await recorder.untilCount(31);
    await publisher.close(10_000);
    expect(publisher.inflightBytes).toBe(0);
    const late = new FrameRecorder();
    await own.subscribe(streamId, OLDEST, late);
    await late.untilCount(31);
    expect([...late.faults, ...late.gaps]).toEqual([]);
  });
});
