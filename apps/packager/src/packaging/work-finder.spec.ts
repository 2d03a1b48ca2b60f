import { IdPrefix, newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStream, MemoryLiveStore } from '@millrace/live-store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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
    areFlowing: () => false,
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

  describe('with a pause of 10 ms between rounds, and of a second where it may rest', () => {
    let rounds: number;
    let isFlowing: boolean;

    beforeEach(() => {
      vi.useFakeTimers();
      rounds = 0;
      isFlowing = true;
    });

    afterEach(() => void vi.useRealTimers());

    const restful = (options: Partial<WorkFinderOptions> = {}): Partial<WorkFinderOptions> => ({
      pollMs: 10,
      areFlowing: () => isFlowing,
      onRound: () => void rounds++,
      ...options,
    });

    /** Begins, and lets it take what there is. */
    async function begin(options: Partial<WorkFinderOptions> = {}): Promise<WorkFinder> {
      const subject = find(restful(options));
      subject.onApplicationBootstrap();
      await vi.advanceTimersByTimeAsync(100);
      return subject;
    }

    /** How many rounds there are in half a second. */
    async function nextRounds(): Promise<number> {
      const before = rounds;
      await vi.advanceTimersByTimeAsync(500);
      return rounds - before;
    }

    it('rests where there is no stream, until it is woken', async () => {
      const subject = await begin();
      expect(await nextRounds()).toBeLessThan(15);
      const streamId = await goLive();
      subject.wake();
      await vi.advanceTimersByTimeAsync(1);
      expect(taken).toEqual([streamId]);
    });

    it('asks once a second all the same', async () => {
      await goLive();
      await begin();
      const before = rounds;
      await vi.advanceTimersByTimeAsync(10_000);
      expect(rounds - before).toBeGreaterThan(8);
      expect(rounds - before).toBeLessThan(12);
    });

    it('rests while it has all streams and their frames come, and asks again when they stop', async () => {
      await goLive();
      await begin();
      expect(taken).toHaveLength(1);
      expect(await nextRounds()).toBeLessThan(2);
      isFlowing = false;
      expect(await nextRounds()).toBeGreaterThan(20);
    });

    it('takes a stream again that has left it, whatever comes of the others', async () => {
      await goLive();
      await goLive();
      await begin();
      expect(taken).toHaveLength(2);
      const [left] = taken.splice(0, 1);
      await vi.advanceTimersByTimeAsync(50);
      expect(taken).toContain(left);
    });

    it('does not rest while another packager has a stream, and takes it when the lease ends', async () => {
      const streamId = await goLive();
      const lease = await store.acquireLease(streamId, 'packager-2', 60_000);
      await begin();
      expect(await nextRounds()).toBeGreaterThan(20);
      await store.releaseLease(lease!);
      await vi.advanceTimersByTimeAsync(20);
      expect(taken).toEqual([streamId]);
    });

    it('does not rest while a publisher is away', async () => {
      const streamId = await goLive();
      const subject = await begin();
      expect(await nextRounds()).toBeLessThan(2);
      const live = await store.readLiveStream(streamId);
      await store.releaseClaim(live!.claim);
      subject.wake();
      expect(await nextRounds()).toBeGreaterThan(20);
    });

    it('does not rest while the store does not answer', async () => {
      const { store: faulty, failing } = faultyStore(store);
      failing.add('listLiveStreams');
      let failures = 0;
      await begin({ liveStore: faulty, onFailure: () => void failures++ });
      expect(failures).toBeGreaterThan(2);
    });
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
