import { IdPrefix, newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStream, MemoryLiveStore } from '@millrace/live-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultyStore } from '../testing/faulty-store.ts';
import { acquireDelayMs, WorkFinder } from './work-finder.ts';
import type { WorkFinderOptions } from './work-finder.ts';

let store: MemoryLiveStore;
let taken: string[];
let finder: WorkFinder | undefined;

beforeEach(() => {
  store = createMemoryLiveStore();
  taken = [];
});

afterEach(async () => {
  finder?.stop();
  await store.close();
});

async function goLive(): Promise<string> {
  const streamId = newId(IdPrefix.liveStream);
  await store.claimPublish({
    tenantId: newId(IdPrefix.tenant),
    streamId,
    streamKeyId: newId(IdPrefix.streamKey),
    edgeId: 'edge-1',
    newSessionId: newId(IdPrefix.session),
    settings: { segmentTargetMs: 2_000, windowMs: 30_000, reconnectWindowMs: 10_000, secondPublisher: 'refuse' },
    maxLiveStreams: 10,
  });
  return streamId;
}

function find(options: Partial<WorkFinderOptions> = {}): WorkFinder {
  finder = new WorkFinder({
    liveStore: store,
    pollMs: 60_000,
    spreadMs: 0,
    maxStreams: 10,
    streams: () => taken.length,
    onListed: ({ claim }) => taken.includes(claim.streamId),
    onRound: () => undefined,
    take: async ({ claim }: LiveStream) => void taken.push(claim.streamId),
    onFailure: () => undefined,
    ...options,
  });
  return finder;
}

describe('finding work', () => {
  it('takes a stream without a packager, once', async () => {
    const streamId = await goLive();
    const subject = find();
    await subject.poll();
    await subject.poll();
    await expect.poll(() => taken).toEqual([streamId]);
  });

  it('leaves a stream with a packager alone', async () => {
    await store.acquireLease(await goLive(), 'packager-2', 60_000);
    const subject = find();
    await subject.poll();
    expect(taken).toEqual([]);
  });

  it('looks at once when it is woken, however long the pause between rounds is', async () => {
    const subject = find();
    subject.onApplicationBootstrap();
    const streamId = await goLive();
    subject.wake();
    await expect.poll(() => taken).toEqual([streamId]);
  });

  it('looks again and again', async () => {
    const subject = find({ pollMs: 5 });
    subject.onApplicationBootstrap();
    await expect.poll(async () => (await goLive(), taken.length)).toBeGreaterThan(2);
  });

  it('tells of all listed streams at the end of a round, and of none when the store does not answer', async () => {
    const { store: faulty, failing } = faultyStore(store);
    const rounds: string[][] = [];
    const failures: unknown[] = [];
    const subject = find({
      liveStore: faulty,
      onRound: (streamIds) => void rounds.push([...streamIds]),
      onFailure: (error) => void failures.push(error),
    });
    const streamIds = [await goLive(), await goLive()];
    await subject.poll();
    failing.add('listLiveStreams');
    await subject.poll();
    expect(rounds).toEqual([streamIds]);
    expect(failures).toHaveLength(1);
  });

  it('takes no more than it may, and says that it is full', async () => {
    for (let n = 0; n < 5; n++) await goLive();
    const subject = find({ maxStreams: 3 });
    await expect.poll(async () => (await subject.poll(), taken)).toHaveLength(3);
    await subject.poll();
    expect(taken).toHaveLength(3);
    expect(subject.isFull).toBe(true);
  });

  it('takes nothing once it is stopped', async () => {
    await goLive();
    const subject = find({ spreadMs: 60_000, streams: () => 5 });
    await subject.poll();
    subject.stop();
    await subject.poll();
    expect(taken).toEqual([]);
  });
});

describe('how long to leave a stream to others', () => {
  it('grows with what there is to do already', () => {
    const delays = [0, 1, 4, 25, 100, 200].map((streams) =>
      acquireDelayMs(streams, { spreadMs: 150, maxStreams: 100 }),
    );
    expect(delays).toEqual([0, 15, 30, 75, 150, 150]);
  });
});
