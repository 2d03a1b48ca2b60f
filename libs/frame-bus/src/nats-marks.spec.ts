// Marks over NATS: what survives, what collides, what publishers forget because of them.
import { newId } from '@millrace/domain';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FrameBus } from './frame-bus.ts';
import { createNatsFrameBus } from './frame-bus.nats.ts';
import type { NatsFrameBusOptions } from './frame-bus.nats.ts';
import { FrameRecorder } from './testing/frame-recorder.ts';
import { startNatsServer } from './testing/nats-server.ts';
import type { NatsServer } from './testing/nats-server.ts';
import { sampleFrame, sampleMark } from './testing/sample-frames.ts';

const MiB = 1024 * 1024;
let server: NatsServer;
const buses: FrameBus[] = [];

const open = async (options: Partial<NatsFrameBusOptions> = {}): Promise<FrameBus> => {
  const bus = await createNatsFrameBus({ url: server.url, reconnectWaitMs: 50, ...options });
  buses.push(bus);
  return bus;
};

beforeEach(async () => {
  server = await startNatsServer();
});
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
  await server[Symbol.asyncDispose]();
});

describe('marks over NATS', () => {
  it('are there after the server was killed the moment they were recorded', async () => {
    const bus = await open();
    const streams = Array.from({ length: 20 }, () => newId('str'));
    for (const sequence of [1, 2, 3])
      await Promise.all(streams.map((id) => bus.recordCommit(sampleMark(id, sequence, { epoch: 1, sequence }))));
    await server.kill();
    await server.start();
    const other = await open();
    for (const streamId of streams) expect((await other.lastCommit(streamId))?.head.mediaSequence).toBe(3);
  });

  it('do not go back when two services record in turn, each with its own memory of the last one', async () => {
    const [one, two] = [await open(), await open()];
    const streamId = newId('str');
    const record = (bus: FrameBus, n: number) => bus.recordCommit(sampleMark(streamId, n, { epoch: 1, sequence: n }));
    await record(one, 1);
    await record(two, 5);
    await record(one, 3);
    expect((await one.lastCommit(streamId))?.head.mediaSequence).toBe(5);
    await record(one, 6);
    await record(two, 4);
    expect((await two.lastCommit(streamId))?.head.mediaSequence).toBe(6);
  });

  it('can be recorded again after the disk of the server was emptied', async () => {
    const bus = await open();
    const streamId = newId('str');
    await bus.recordCommit(sampleMark(streamId, 8, { epoch: 1, sequence: 8 }));
    await server.kill();
    await server.wipe();
    await server.start();
    await bus.recordCommit(sampleMark(streamId, 9, { epoch: 1, sequence: 9 }));
    expect((await bus.lastCommit(streamId))?.head.mediaSequence).toBe(9);
  });

  it('are refused in time while the server is away', async () => {
    const bus = await open({ requestTimeoutMs: 100 });
    await server.kill();
    const streamId = newId('str');
    const mark = sampleMark(streamId, 1, { epoch: 1, sequence: 1 });
    await expect(bus.recordCommit(mark)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(bus.lastCommit(streamId)).rejects.toMatchObject({ code: 'unavailable' });
    const subscribed = bus.subscribe(streamId, { from: 'live' }, new FrameRecorder());
    await expect(subscribed).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('let the publishers of other services forget', async () => {
    const [edge, packager] = [await open(), await open()];
    const streamId = newId('str');
    const publisher = edge.openPublisher(streamId, 1);
    await server.kill();
    for (let sequence = 1; sequence <= 100; sequence++)
      publisher.publish(sampleFrame(1, sequence, { payload: new Uint8Array(20_000) }));
    expect(publisher.inflightBytes).toBeGreaterThan(1.9 * MiB);
    await server.start();
    await expect.poll(() => publisher.inflightBytes, { timeout: 10_000 }).toBe(0);
    await packager.recordCommit(sampleMark(streamId, 1, { epoch: 1, sequence: 91 }));
    // The next loss of the server's memory shows what is still kept.
    await server.kill();
    await server.start();
    const recorder = new FrameRecorder();
    await packager.subscribe(streamId, { from: 'position', position: { epoch: 0, sequence: 0 } }, recorder);
    await recorder.untilCount(10);
    expect(recorder.sequences[0]).toBe(91);
  });

  it('are heard of only while the stream is published here', async () => {
    const faults: string[] = [];
    const bus = await open({ observer: { problem: ({ message }) => void faults.push(message) } });
    const other = await connect({ servers: new URL(server.url).host });
    const [published, closed, elsewhere] = [newId('str'), newId('str'), newId('str')];
    bus.openPublisher(published, 1);
    await bus.openPublisher(closed, 1).close(1_000);
    await bus.lastCommit(published);
    // What is no mark is reported by those that hear it.
    for (const streamId of [closed, elsewhere, published]) other.publish(`millrace.marks.${streamId}`, 'no mark');
    await expect.poll(() => faults).toHaveLength(1);
    await other.close();
  });
});

describe('createNatsFrameBus', () => {
  it('waits for a server that starts later, and gives up when none does', async () => {
    const { url } = server;
    await server.kill();
    await expect(createNatsFrameBus({ url, connectTimeoutMs: 200, reconnectWaitMs: 20 })).rejects.toMatchObject({
      code: 'unavailable',
    });
    const opening = open({ reconnectWaitMs: 20 });
    await server.start();
    expect((await opening).isReady()).toBe(true);
  });

  it('takes credentials out of the address', async () => {
    const secured = await startNatsServer({ arguments: ['--user', 'millrace', '--pass', 'p:w/1'] });
    try {
      const address = new URL(secured.url);
      await expect(createNatsFrameBus({ url: secured.url, connectTimeoutMs: 200 })).rejects.toThrow();
      const bus = await createNatsFrameBus({ url: `nats://millrace:p%3Aw%2F1@${address.host}` });
      expect(bus.isReady()).toBe(true);
      await bus.close();
    } finally {
      await secured[Symbol.asyncDispose]();
    }
  });
});
