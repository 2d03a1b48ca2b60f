import { IdPrefix, newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { CommitOutcome, Lease, LiveStore, MemoryLiveStore } from '@millrace/live-store';
import { parseMediaPlaylist } from '@millrace/protocol/hls/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cutLog, firstPoint } from '../testing/cut-log.ts';
import { faultyStore } from '../testing/faulty-store.ts';
import { audioVideoLog } from '../testing/log-builder.ts';
import { sampleSegments } from '../testing/sample-segments.ts';
import type { LostSegment } from './close-open-segment.ts';
import type { FinishedSegment } from './finished-segment.ts';
import { appendPart } from './low-latency-window.ts';
import { appendSegment, emptyWindow } from './playlist-window.ts';
import { SegmentCommitter } from './segment-committer.ts';
import type { CommitStop, CommittedSegments, SegmentCommitterOptions } from './segment-committer.ts';
import { MAX_SEGMENTS_AHEAD_OF_MARK, REBUILD_NOTHING } from './start-plan.ts';

const SESSION = newId(IdPrefix.session);
const OTHER_SESSION = newId(IdPrefix.session);
const TTL_MS = 60_000;
const MIB = 1024 * 1024;

let streamId: string;
let store: MemoryLiveStore;
let lease: Lease;
let committed: CommittedSegments[];
let stops: CommitStop[];
let marked: number;
let faults: unknown[];

beforeEach(async () => {
  streamId = newId(IdPrefix.liveStream);
  store = createMemoryLiveStore();
  lease = (await store.acquireLease(streamId, 'packager-1', TTL_MS))!;
  committed = [];
  stops = [];
  marked = 0;
  faults = [];
});

afterEach(() => store.close());

const start = firstPoint(1_000, SESSION);
const segmentsOf = (count: number, sessionId = SESSION, from = start) =>
  sampleSegments(
    Array.from({ length: count }, () => ({ durationMs: 4_000, sessionId })),
    from,
  );

function committer(options: Partial<SegmentCommitterOptions> = {}): SegmentCommitter {
  return new SegmentCommitter({
    liveStore: store,
    lease,
    window: emptyWindow(SESSION),
    head: start,
    description: undefined,
    expectedMediaSequence: undefined,
    step: 0,
    onPartsListed: () => undefined,
    rebuildTo: undefined,
    limits: { maxPendingBytes: MIB, maxRebuildBytes: MIB },
    onAdded: () => undefined,
    onNotRebuilt: (why, from) => void faults.push([why, from]),
    onOpenLost: () => undefined,
    onFull: () => void faults.push(['full']),
    windowMs: () => 30_000,
    wallMs: () => 0,
    stopwatchMs: () => 0,
    marks: {
      get markedMediaSequence() {
        return marked;
      },
      settled: async () => undefined,
    },
    onAnswered: () => undefined,
    onCommitted: (commit) => {
      committed.push(commit);
      marked = commit.playlist.head.mediaSequence;
    },
    onStopped: (stop) => void stops.push(stop),
    onFailure: () => undefined,
    ...options,
  });
}

const numbers = (commit: CommittedSegments | undefined) => commit?.segments.map(({ before }) => before.mediaSequence);

describe('the memory of a segment', () => {
  const SIZE = 100_000;
  const segmentInPool = (): FinishedSegment => ({
    ...segmentsOf(1)[0]!,
    bytes: store.segmentPool.take(SIZE).fill(7),
  });
  /** A store that keeps nothing of what it is given, as Redis does. */
  const remote = (answers: readonly (CommitOutcome | Error)[]): LiveStore => {
    const left = [...answers];
    return Object.assign(Object.create(store) as LiveStore, {
      segmentPool: store.segmentPool,
      commit: async (): Promise<CommitOutcome> => {
        const answer = left.shift() ?? COMMITTED;
        if (answer instanceof Error) throw answer;
        return answer;
      },
    });
  };
  const COMMITTED: CommitOutcome = { outcome: 'committed' };

  it('is given back when the store has answered that it has the segment, and after all have been told', async () => {
    const segment = segmentInPool();
    const told: number[] = [];
    const subject = committer({
      liveStore: remote([COMMITTED]),
      onCommitted: ({ segments }) => void told.push(segments[0]!.bytes.length),
    });
    subject.add(segment);
    await subject.settled();
    expect(told).toEqual([SIZE]);
    expect(store.segmentPool.freeBytes).toBeGreaterThanOrEqual(SIZE);
    expect(subject.pendingBytes).toBe(0);
  });

  it('is not given back by its packager where the store keeps it', async () => {
    const segment = segmentInPool();
    const subject = committer();
    subject.add(segment);
    await subject.settled();
    expect(committed).toHaveLength(1);
    expect(segment.bytes).toEqual(Buffer.alloc(SIZE, 7));
    expect((await store.readSegment(streamId, segment.name))?.bytes).toBe(segment.bytes);
  });

  it.each([
    ['was sent twice: a copy may still be on its way', [new Error('no answer'), COMMITTED]],
    ['was refused', [{ outcome: 'stale_lease' } as const]],
  ])('is not given back when the segment %s', async (_, answers) => {
    const segment = segmentInPool();
    const subject = committer({ liveStore: remote(answers) });
    subject.add(segment);
    await subject.settled();
    expect([committed.length, stops.length]).toEqual(answers.length === 2 ? [1, 0] : [0, 1]);
    expect(segment.bytes).toEqual(Buffer.alloc(SIZE, 7));
    expect(store.segmentPool.freeBytes).toBe(0);
  });
});

it('lists parts that wait for marks as soon as these are recorded, though nothing is added behind them', async () => {
  const head = { ...firstPoint(1_000, SESSION), partDurationMs: 500 };
  const { segments, parts } = cutLog(audioVideoLog(1_000).run(0, 3_000).frames, { point: head, finish: false });
  const ofOpen = parts.filter(({ before }) => before.mediaSequence === segments.length);
  const recorded = Promise.withResolvers<undefined>();
  let reached = segments.length - MAX_SEGMENTS_AHEAD_OF_MARK;
  let looks = 0;
  const marks = {
    get markedMediaSequence() {
      looks++;
      return reached;
    },
    settled: () => recorded.promise,
  };
  const listed: number[] = [];
  const subject = committer({ head, marks, onPartsListed: (count) => void listed.push(count) });
  for (const segment of segments) subject.add(segment);
  await expect.poll(() => committed).toHaveLength(1);
  const looksBefore = looks;
  for (const part of ofOpen) subject.addPart(part);
  await expect.poll(() => looks).toBeGreaterThan(looksBefore);
  reached++;
  recorded.resolve(undefined);
  await subject.settled();
  expect(listed).toEqual([ofOpen.length]);
  expect(ofOpen.length).toBeGreaterThan(0);
});

describe('a segment of which parts are listed that another packager has cut', () => {
  const log = audioVideoLog(1_000).run(0, 8_000).frames;
  const { segments } = cutLog(log, { point: { ...firstPoint(1_000, SESSION), partDurationMs: 500 } });
  const [first, second] = segments as [FinishedSegment, FinishedSegment];
  let lost: LostSegment[];

  /** Two parts of sound are listed. */
  function successor(): SegmentCommitter {
    const window = appendSegment(emptyWindow(SESSION), first, 30_000);
    const lowLatency = second.renditions!.audio!.parts.slice(0, 2).reduce(appendPart, window.lowLatency!);
    lost = [];
    const onOpenLost = (segment: LostSegment): void => void lost.push(segment);
    return committer({ window: { ...window, lowLatency }, head: second.before, onOpenLost });
  }

  it('is committed when it is cut again with the same parts', async () => {
    const subject = successor();
    expect(subject.hasInherited).toBe(true);
    const again = cutLog(log, { point: second.before });
    for (const part of again.parts.filter(({ before }) => before.mediaSequence === 1)) subject.addPart(part);
    subject.add(again.segments[0]!);
    await subject.settled();
    expect(lost).toEqual([]);
    expect(committed.map(numbers)).toEqual([[1]]);
    expect(subject.hasInherited).toBe(false);
  });

  it('is given up when one comes out otherwise, before anything is committed', async () => {
    const subject = successor();
    const position = { epoch: 1_000, sequence: second.before.position.sequence + 4 };
    for (const part of cutLog(log, { point: { ...second.before, position } }).parts) subject.addPart(part);
    await subject.settled();
    expect(lost[0]).toEqual({ mediaSequence: 1, next: position, endsEpoch: false });
    expect(committed).toEqual([]);
  });

  it('is given up when it is cut again without one of them', async () => {
    const subject = successor();
    const { audio: _, ...renditions } = second.renditions!;
    subject.add({ ...second, renditions });
    await subject.settled();
    expect(lost).toEqual([{ mediaSequence: 1, next: second.before.position, endsEpoch: false }]);
    expect(committed).toEqual([]);
  });
});

describe('committing segments', () => {
  it('takes what comes in one go as one commit, with bytes, list and resume points', async () => {
    const subject = committer();
    const segments = segmentsOf(3);
    for (const segment of segments) subject.add(segment);
    expect(subject.pendingBytes).toBe(3 * 188);
    expect(subject.pendingFrames).toBe(300);
    await subject.settled();
    expect(committed.map(numbers)).toEqual([[0, 1, 2]]);
    expect(subject.pendingBytes).toBe(0);
    const state = await store.readPlaylist(streamId);
    expect(state).toMatchObject({ head: segments[2]!.after, resumePoints: segments.map(({ before }) => before) });
    const { bytes, contentType } = segments[1]!;
    expect(await store.readSegment(streamId, '1.ts')).toMatchObject({ bytes, contentType });
  });

  it('never commits two at once', async () => {
    const subject = committer();
    const segments = segmentsOf(2);
    subject.add(segments[0]!);
    await Promise.resolve();
    subject.add(segments[1]!);
    await subject.settled();
    expect(committed.map(numbers)).toEqual([[0], [1]]);
  });

  it('goes no further ahead of the recorded marks than may be left out later', async () => {
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => (settle = resolve));
    let isBlocked = true;
    const marks = {
      get markedMediaSequence() {
        return isBlocked ? 0 : 100;
      },
      settled: () => settled,
    };
    const subject = committer({ marks });
    for (const segment of segmentsOf(12)) subject.add(segment);
    await expect.poll(() => committed.length).toBe(1);
    expect(numbers(committed[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    isBlocked = false;
    settle();
    await subject.settled();
    expect(committed.flatMap((commit) => numbers(commit) ?? [])).toHaveLength(12);
  });

  it('puts a lost window back in one commit, not before it is whole', async () => {
    marked = 20;
    const segments = segmentsOf(21);
    const subject = committer({ rebuildTo: segments[19]!.after });
    for (const segment of segments.slice(0, 19)) subject.add(segment);
    await subject.settled();
    expect(committed).toEqual([]);
    expect(subject.isHolding).toBe(true);
    subject.add(segments[19]!);
    subject.add(segments[20]!);
    await subject.settled();
    expect(committed).toHaveLength(1);
    expect(committed[0]!.segments).toHaveLength(21);
    expect(committed[0]!.playlist.segments).toHaveLength(8);
    expect(faults).toEqual([]);
  });

  it('does not put back a window whose segments are others than were committed, or are too many bytes', async () => {
    const segments = segmentsOf(3);
    const other = committer({ rebuildTo: { ...segments[1]!.after, discontinuitySequence: 7 } });
    for (const segment of segments.slice(0, 2)) other.add(segment);
    expect(faults).toEqual([['the log yields other segments than were committed', REBUILD_NOTHING]]);
    const large = committer({
      rebuildTo: segmentsOf(9)[8]!.after,
      limits: { maxPendingBytes: MIB, maxRebuildBytes: 2 * 188 },
    });
    for (const segment of segments) large.add(segment);
    expect(faults[1]).toEqual(['the lost window is too large', segments[2]!.after.position]);
    large.close();
    await Promise.all([other.settled(), large.settled()]);
    expect(committed).toEqual([]);
  });

  it('says when more waits than may', async () => {
    const subject = committer({ limits: { maxPendingBytes: 2 * 188, maxRebuildBytes: MIB } });
    for (const segment of segmentsOf(2)) subject.add(segment);
    expect(faults).toEqual([]);
    subject.add(segmentsOf(3)[2]!);
    expect(faults).toEqual([['full']]);
    await subject.settled();
  });

  it('keeps sessions apart, and closes the list of the old one', async () => {
    const subject = committer();
    const old = segmentsOf(2);
    for (const segment of old) subject.add(segment);
    subject.end();
    const next = { ...old[1]!.after, sessionId: OTHER_SESSION };
    for (const segment of segmentsOf(2, OTHER_SESSION, next)) subject.add(segment);
    await subject.settled();
    expect(committed.map(({ playlist }) => [playlist.sessionId, playlist.ended, playlist.segments.length])).toEqual([
      [SESSION, true, 2],
      [OTHER_SESSION, false, 2],
    ]);
  });

  it('closes a list without a new segment', async () => {
    const subject = committer();
    subject.add(segmentsOf(1)[0]!);
    await subject.settled();
    subject.end();
    await subject.settled();
    expect(parseMediaPlaylist((await store.readPlaylist(streamId))!.text)).toMatchObject({ endList: true });
  });

  it.each([
    ['nothing was ever listed', undefined],
    ['the list that is being rebuilt is not whole', segmentsOf(5)[4]!.after],
  ])('closes nothing when %s', async (_name, rebuildTo) => {
    const subject = committer({ rebuildTo });
    if (rebuildTo !== undefined) subject.add(segmentsOf(1)[0]!);
    subject.end();
    await subject.settled();
    expect(committed).toEqual([]);
    expect(await store.readPlaylist(streamId)).toBeUndefined();
  });
});

describe('a store that answers something else', () => {
  it('stale_lease: stops at once and drops everything', async () => {
    await store.releaseLease(lease);
    await store.acquireLease(streamId, 'packager-2', TTL_MS);
    const subject = committer();
    for (const segment of segmentsOf(3)) subject.add(segment);
    await subject.settled();
    expect(stops).toEqual(['stale_lease']);
    expect(committed).toEqual([]);
    expect(subject.pendingBytes).toBe(0);
    expect(await store.readPlaylist(streamId)).toBeUndefined();
  });

  it('out_of_step: stops at once', async () => {
    const segments = segmentsOf(4);
    const first = committer();
    first.add(segments[0]!);
    await first.settled();
    // The store is at 1, and this one believes it at 2.
    const subject = committer({ expectedMediaSequence: 2, head: segments[1]!.after });
    subject.add(segments[2]!);
    subject.add(segments[3]!);
    await subject.settled();
    expect(stops).toEqual(['out_of_step']);
    expect((await store.readPlaylist(streamId))!.head.mediaSequence).toBe(1);
  });

  it('expects after each commit that the store is where it left it', async () => {
    const segments = segmentsOf(3);
    const subject = committer();
    subject.add(segments[0]!);
    await subject.settled();
    const meddler = committer({ expectedMediaSequence: 1, head: segments[0]!.after });
    meddler.add(segments[1]!);
    await meddler.settled();
    subject.add(segments[1]!);
    subject.add(segments[2]!);
    await subject.settled();
    expect(stops).toEqual(['out_of_step']);
  });

  it('nothing: tries the very same commit again until it is answered', async () => {
    const { store: faulty, failing } = faultyStore(store);
    failing.add('commit');
    let failures = 0;
    const onFailure = (): void => {
      if (++failures === 3) failing.clear();
    };
    const subject = committer({ liveStore: faulty, onFailure });
    const segments = segmentsOf(2);
    subject.add(segments[0]!);
    await expect.poll(() => failures).toBeGreaterThan(0);
    subject.add(segments[1]!);
    await subject.settled();
    expect(committed.map(numbers)).toEqual([[0], [1]]);
  });

  it('nothing, and it is closed: gives up', async () => {
    const { store: faulty, failing } = faultyStore(store);
    failing.add('commit');
    const subject = committer({ liveStore: faulty });
    subject.add(segmentsOf(1)[0]!);
    await Promise.resolve();
    subject.close();
    await subject.settled();
    expect(committed).toEqual([]);
  });
});
