// A NATS cluster over three zones, each stream kept by all: any one of its servers may go.
import { newId } from '@millrace/domain';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FrameBus } from './frame-bus.ts';
import { createNatsFrameBus } from './frame-bus.nats.ts';
import { MARKS_STREAM, shardStream } from './nats/frame-subject.ts';
import { FrameRecorder } from './testing/frame-recorder.ts';
import { startNatsCluster } from './testing/nats-cluster.ts';
import type { NatsCluster } from './testing/nats-cluster.ts';
import { publishRun } from './testing/publish-run.ts';
import { sampleMark } from './testing/sample-frames.ts';

const EPOCH = 1_795_000_000_000;
const OLDEST = { from: 'position', position: { epoch: 0, sequence: 0 } } as const;

let cluster: NatsCluster;
const buses: FrameBus[] = [];

const open = async (): Promise<FrameBus> => {
  const bus = await createNatsFrameBus({
    url: cluster.url,
    replicas: 3,
    reconnectWaitMs: 50,
    ackTimeoutMs: 1_000,
    // The servers have to find each other first.
    connectTimeoutMs: 30_000,
  });
  buses.push(bus);
  return bus;
};

beforeEach(async () => {
  cluster = await startNatsCluster();
});
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
  await cluster[Symbol.asyncDispose]();
});

/** @returns the servers that keep a stream, the one that leads it first */
async function keepersOf(stream: string): Promise<string[]> {
  const connection = await connect({ servers: cluster.url.split(',') });
  try {
    const { cluster: group } = await (await jetstreamManager(connection)).streams.info(stream);
    return [group?.leader ?? '', ...(group?.replicas ?? []).map(({ name }) => name)];
  } finally {
    await connection.close();
  }
}

describe('three NATS servers', () => {
  it('keep frames and marks three times', async () => {
    await open();
    for (const stream of [shardStream(0), MARKS_STREAM])
      await expect.poll(async () => (await keepersOf(stream)).toSorted()).toEqual(['zone-0', 'zone-1', 'zone-2']);
  });

  it('lose no frame and no mark when the one that leads is killed for good', { timeout: 60_000 }, async () => {
    const [edge, packager] = await Promise.all([open(), open()]);
    const streamId = newId('str');
    const recorder = new FrameRecorder();
    await packager.subscribe(streamId, OLDEST, recorder);
    const before = await publishRun(edge, streamId, { epoch: EPOCH, frames: 1_000 });
    await recorder.untilCount(1_000);
    await packager.recordCommit(sampleMark(streamId, 7, { epoch: EPOCH, sequence: 901 }));
    await before.close(10_000);

    const [leader] = await keepersOf(shardStream(0));
    await cluster.servers[Number(leader!.at(-1))]!.kill();

    const after = await publishRun(edge, streamId, { epoch: EPOCH + 1, frames: 1_000 });
    await recorder.untilCount(2_000);
    expect(recorder.faults).toEqual([]);
    expect(recorder.gaps).toEqual([]);
    await expect.poll(() => after.inflightBytes).toBe(0);

    const late = new FrameRecorder();
    await (await open()).subscribe(streamId, OLDEST, late);
    await late.untilCount(2_000);
    expect(late.gaps).toEqual([]);
    expect((await packager.lastCommit(streamId))?.head.mediaSequence).toBe(7);
  });
});
