// When frames leave for NATS: how many messages they take.
import { FrameKind, newId } from '@millrace/domain';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FrameBus } from './frame-bus.ts';
import { createNatsFrameBus } from './frame-bus.nats.ts';
import type { NatsFrameBusOptions } from './frame-bus.nats.ts';
import { startNatsServer } from './testing/nats-server.ts';
import type { NatsServer } from './testing/nats-server.ts';
import { sampleFrame } from './testing/sample-frames.ts';
import { FrameReader } from './wire/frame-reader.ts';

const LONG_MS = 60_000;
let server: NatsServer;
let bus: FrameBus | undefined;
let listener: NatsConnection;
/** The sequences of each message, by stream. */
let heard: Map<string, number[][]>;

beforeEach(async () => {
  server = await startNatsServer();
  listener = await connect({ servers: new URL(server.url).host });
  heard = new Map();
  listener.subscribe('millrace.frames.*.*', {
    callback: (_error, { subject, data }) => {
      const streamId = subject.split('.').at(-1)!;
      heard.set(streamId, [...(heard.get(streamId) ?? []), sequencesOf(data)]);
    },
  });
  await listener.flush();
});
afterEach(async () => {
  await bus?.close();
  await listener.close();
  await server[Symbol.asyncDispose]();
});

function sequencesOf(message: Uint8Array): number[] {
  const reader = new FrameReader(message);
  const sequences: number[] = [];
  while (reader.next()) sequences.push(reader.sequence);
  return sequences;
}

const open = async (options: Partial<NatsFrameBusOptions>): Promise<FrameBus> =>
  (bus = await createNatsFrameBus({ url: server.url, batchWaitMs: LONG_MS, ...options }));

/** Publishes frames of these kinds, and comes back when what left at once is heard. */
async function publish(publishing: FrameBus, kinds: readonly number[]): Promise<number[][]> {
  const [streamId, behindId] = [newId('str'), newId('str')];
  const [publisher, behind] = [publishing.openPublisher(streamId, 1), publishing.openPublisher(behindId, 1)];
  kinds.forEach((kind, index) => publisher.publish(sampleFrame(1, index + 1, { kind, flags: 0 })));
  behind.publish(sampleFrame(1, 1));
  behind.flush();
  await expect.poll(() => heard.get(behindId)).toEqual([[1]]);
  return heard.get(streamId) ?? [];
}

const { video, audio } = FrameKind;

describe('batches of frames', () => {
  it('leave with a picture at once where few streams are published, and not again before the wait is over', async () => {
    expect(await publish(await open({}), [audio, audio, video, audio, video])).toEqual([[1, 2, 3]]);
  });

  it('wait for a picture where there is only sound', async () => {
    expect(await publish(await open({}), [audio, audio, audio])).toEqual([]);
  });

  it('wait for others where many streams are published', async () => {
    expect(await publish(await open({ batchTogetherFrom: 2 }), [audio, video, audio])).toEqual([]);
  });

  it('leave after the wait whatever comes', async () => {
    const own = await open({ batchWaitMs: 5 });
    const streamId = newId('str');
    const publisher = own.openPublisher(streamId, 1);
    for (const sequence of [1, 2]) publisher.publish(sampleFrame(1, sequence, { kind: audio, flags: 0 }));
    await expect.poll(() => heard.get(streamId)).toEqual([[1, 2]]);
    // The picture leaves at once or after the wait, and the clock goes on behind it.
    publisher.publish(sampleFrame(1, 3, { kind: video, flags: 0 }));
    publisher.publish(sampleFrame(1, 4, { kind: audio, flags: 0 }));
    await expect.poll(() => heard.get(streamId)?.flat()).toEqual([1, 2, 3, 4]);
  });
});
