// The packager on the adapters of one process.
import { FrameFlag, FrameKind, IdPrefix, newId } from '@millrace/domain';
import type { Frame, StreamSettings } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { cutLog, firstPoint } from './testing/cut-log.ts';
import { faultyStore } from './testing/faulty-store.ts';
import { BBB_FLV, flvLog, loopedFlvLog } from './testing/flv-log.ts';
import { audioVideoLog } from './testing/log-builder.ts';
import { TestPackager } from './testing/test-packager.ts';
import type { TestPackagerOptions } from './testing/test-packager.ts';
import { TestPublisher } from './testing/test-publisher.ts';
import { checkSegments } from './testing/transport-stream.ts';
import { digestOf, Viewer } from './testing/viewer.ts';

let liveStore: LiveStore;
let frameBus: FrameBus;
let streamId: string;
let viewer: Viewer;

beforeEach(() => {
  liveStore = createMemoryLiveStore();
  frameBus = createMemoryFrameBus();
  streamId = newId(IdPrefix.liveStream);
  viewer = new Viewer(liveStore, streamId);
});

afterEach(async () => {
  await frameBus.close();
  await liveStore.close();
});

async function startPackager(options: Partial<TestPackagerOptions> = {}): Promise<TestPackager> {
  const packager = await TestPackager.start({ liveStore, frameBus, ...options });
  onTestFinished(() => packager.stop());
  return packager;
}

async function connect(settings: Partial<StreamSettings> = {}): Promise<TestPublisher> {
  return TestPublisher.connect({ liveStore, frameBus, streamId, settings: { windowMs: 120_000, ...settings } });
}

const end = (flags = 0): Frame => ({
  kind: FrameKind.end,
  codec: 0,
  flags,
  epoch: 0,
  sequence: 0,
  dts90k: 0,
  compositionOffset90k: 0,
  payload: new Uint8Array(0),
});

/** What an uninterrupted packager would have made of these frames. */
function reference(frames: readonly Frame[], sessionId: string, options: { finish?: boolean } = {}) {
  const point = firstPoint(frames[0]!.epoch, sessionId);
  return cutLog(frames, { point, finish: false, ...options }).segments.map(({ bytes }) => digestOf(bytes));
}

const seen = (): string[] => [...viewer.segments].sort(([a], [b]) => a - b).map(([, digest]) => digest);

const listedSeconds = (): number => viewer.last!.segments.reduce((sum, { duration }) => sum + duration, 0);

/** The segments from this number on. */
const newBytes = ({ bytes }: Viewer, from: number): Uint8Array[] =>
  [...bytes].filter(([mediaSequence]) => mediaSequence >= from).map(([, segment]) => segment);

describe('a stream from beginning to end', () => {
  it('makes the same segments of frames that the log lets go before they are committed', async () => {
    // Less than a segment.
    frameBus = createMemoryFrameBus({ maxBytesPerStream: 200_000 });
    await startPackager();
    const publisher = await connect();
    const sent: Frame[] = [];
    const log = flvLog(BBB_FLV, 1);
    for (let at = 0; at < log.length; at += 20) {
      sent.push(...publisher.send(log.slice(at, at + 20)));
      await expect.poll(async () => (await frameBus.readLogs())[0]!.readers).toBe(1);
      await viewer.until('what is whole', (v) => v.nextMediaSequence >= reference(sent, '').length);
    }
    expect(seen()).toEqual(reference(sent, publisher.claim.sessionId));
    expect(publisher.memory.freed.length).toBeGreaterThan(0);
  });

  it('is listed as it is cut, and closed when its publisher stays away', async () => {
    const packager = await startPackager();
    const publisher = await connect({ reconnectWindowMs: 300 });
    const sent = publisher.send(flvLog(BBB_FLV, 1));
    await viewer.until('all segments but the last one', (v) => v.nextMediaSequence === 14);
    expect(packager.active).toMatchObject([{ streamId, sessionId: publisher.claim.sessionId }]);
    expect(packager.ended).toEqual([]);
    // What is committed may be written over, but for the last two groups of pictures.
    expect(publisher.memory.freed.length).toBeGreaterThan(sent.length / 2);
    await publisher.leave();
    await viewer.until('the end', (v) => v.last!.endList);
    await expect.poll(() => packager.ended).toMatchObject([{ sessionId: publisher.claim.sessionId, segments: 15 }]);
    expect(viewer.faults).toEqual([]);
    expect(seen()).toEqual(reference(sent, publisher.claim.sessionId, { finish: true }));
    expect(checkSegments([...viewer.bytes.values()])).toEqual([]);
    await expect.poll(() => packager.packager.streamIds).toEqual([]);
    expect(await liveStore.listLiveStreams()).toEqual([]);
  });

  it('has its last segment listed at once when its publisher says that it is done', async () => {
    await startPackager();
    const publisher = await connect();
    publisher.send([...flvLog(BBB_FLV, 1), end(FrameFlag.unpublished)]);
    await viewer.until('the last segment', (v) => v.nextMediaSequence === 15);
    expect(viewer.last!.endList).toBe(false);
  });

  it('is closed soon when an operator ends its session', async () => {
    const packager = await startPackager();
    const publisher = await connect({ reconnectWindowMs: 600_000 });
    publisher.send(flvLog(BBB_FLV, 1));
    await viewer.until('all segments but the last one', (v) => v.nextMediaSequence === 14);
    const { sessionId, streamKeyId } = publisher.claim;
    await liveStore.revokeClaims(streamId, streamKeyId);
    expect(await liveStore.endSession(streamId, sessionId)).toBe(true);
    await viewer.until('the end', (v) => v.last!.endList);
    await expect.poll(() => packager.ended).toMatchObject([{ sessionId, segments: 15 }]);
  });

  it('is described for the multivariant playlist', async () => {
    await startPackager();
    const publisher = await connect();
    publisher.send(flvLog(BBB_FLV, 1));
    await viewer.until('segments', (v) => v.nextMediaSequence === 14);
    const state = await liveStore.readPlaylist(streamId);
    expect(state!.description).toMatchObject({
      codecs: ['avc1.64001f', 'mp4a.40.2'],
      width: 960,
      height: 540,
      frameRate: 30,
    });
    expect(state!.description.peakBitsPerSecond).toBeGreaterThan(state!.description.averageBitsPerSecond);
  });

  it('is counted', async () => {
    const packager = await startPackager();
    const publisher = await connect();
    publisher.send(flvLog(BBB_FLV, 1));
    await viewer.until('segments', (v) => v.nextMediaSequence === 14);
    expect(await packager.value('packager_streams')).toBe(1);
    expect(await packager.value('packager_segment_duration_seconds_count')).toBe(14);
    expect(await packager.value('packager_time_to_first_segment_seconds_count')).toBe(1);
    const { tenantId } = publisher.claim;
    expect(packager.usage.collect()).toMatchObject([{ tenantId, streamId, kind: 'packaged_seconds' }]);
    expect(packager.usage.collect()[0]?.amount).toBeCloseTo(listedSeconds(), 5);
    // Of the segment that is open: 57 pictures, 85 sounds.
    expect(await packager.value('packager_pending_messages')).toBeGreaterThanOrEqual(57 + 85);
  });
});

describe('a publisher that comes back', () => {
  it('within the window: the same session, one discontinuity, numbers that go on', async () => {
    const packager = await startPackager();
    const first = await connect();
    first.send([...flvLog(BBB_FLV, 1), end()]);
    await viewer.until('the first publisher', (v) => v.nextMediaSequence === 15);
    await first.leave();
    const second = await connect();
    expect(second.claim.sessionId).toBe(first.claim.sessionId);
    second.send(flvLog(BBB_FLV, 1));
    await viewer.until('the second publisher', (v) => v.nextMediaSequence === 29);
    expect(viewer.faults).toEqual([]);
    const state = await liveStore.readPlaylist(streamId);
    const tagged = state!.segments.filter(({ discontinuity }) => discontinuity).map((entry) => entry.mediaSequence);
    expect(tagged).toEqual([15]);
    expect(state!.ended).toBe(false);
    expect(packager.active).toHaveLength(1);
    expect(checkSegments([...viewer.bytes.values()])).toEqual([]);
  });

  it('after the window: the list is closed, a new one goes on with the numbers', async () => {
    const packager = await startPackager();
    const first = await connect({ reconnectWindowMs: 100 });
    first.send(flvLog(BBB_FLV, 1));
    await viewer.until('the first session', (v) => v.nextMediaSequence === 14);
    await first.leave();
    await viewer.until('its end', (v) => v.last!.endList);
    await expect.poll(() => packager.ended).toHaveLength(1);
    const second = await connect();
    expect(second.claim.sessionId).not.toBe(first.claim.sessionId);
    second.send(flvLog(BBB_FLV, 1));
    const next = new Viewer(liveStore, streamId);
    await next.until('the second session', (v) => v.nextMediaSequence === 29 && !v.last!.endList);
    expect(next.last).toMatchObject({ mediaSequence: 15, targetDuration: 2 });
    expect(next.last!.segments[0]!.discontinuity).toBe(true);
    expect(checkSegments([...viewer.bytes.values(), ...newBytes(next, 15)])).toEqual([]);
    expect(packager.active).toHaveLength(2);
  });

  it('without having said anything, as a takeover of a live one: what the first one sent is listed first', async () => {
    await startPackager();
    const first = await connect();
    first.send(flvLog(BBB_FLV, 1));
    const second = await connect();
    second.send(flvLog(BBB_FLV, 1));
    await viewer.until('both', (v) => v.nextMediaSequence === 29);
    expect(viewer.faults).toEqual([]);
  });
});

describe('handing over', () => {
  it('commits nothing unfinished; the next packager goes on without a loss or a repeat', async () => {
    const log = loopedFlvLog(BBB_FLV, 1, 2, 30_000);
    const first = await startPackager({ name: 'packager-1' });
    const publisher = await connect();
    const sent = publisher.send(log.slice(0, 1_000));
    await viewer.until('some segments', (v) => v.nextMediaSequence === 6);
    await first.stop();
    sent.push(...publisher.send(log.slice(1_000, 2_500)));
    expect(await liveStore.readLiveStream(streamId)).toMatchObject({ leaseOwner: undefined });
    await startPackager({ name: 'packager-2' });
    sent.push(...publisher.send(log.slice(2_500)));
    const expected = reference(sent, publisher.claim.sessionId);
    await viewer.until('the rest', (v) => v.nextMediaSequence === expected.length);
    expect(viewer.faults).toEqual([]);
    expect(seen()).toEqual(expected);
  });

  it('in the middle of a group of pictures: the next packager finds the configuration in the log', async () => {
    const first = await startPackager({ name: 'packager-1' });
    const publisher = await connect();
    const log = audioVideoLog().run(0, 4_000).run(4_000, 30_000, { gopMs: Infinity }).frames;
    const sent = publisher.send(log.slice(0, 900));
    await viewer.until('segments without a keyframe', (v) => v.nextMediaSequence >= 4);
    await first.stop();
    const second = await startPackager({ name: 'packager-2' });
    sent.push(...publisher.send(log.slice(900)));
    const expected = reference(sent, publisher.claim.sessionId);
    await viewer.until('the rest', (v) => v.nextMediaSequence === expected.length);
    expect(viewer.faults).toEqual([]);
    expect(seen()).toEqual(expected);
    expect(viewer.last!.independentSegments).toBe(false);
    expect(second.lines.some((line) => line.includes('needs earlier frames'))).toBe(true);
  });

  it('spreads streams over packagers', async () => {
    const packagers = await Promise.all(
      ['packager-1', 'packager-2'].map((name) => startPackager({ name, settings: { workSpreadMs: 100 } })),
    );
    for (let n = 1; n <= 20; n++) {
      await TestPublisher.connect({ liveStore, frameBus, streamId: newId(IdPrefix.liveStream) });
      for (const { packager } of packagers) packager.wake();
      await expect.poll(() => packagers.reduce((sum, { packager }) => sum + packager.streamIds.length, 0)).toBe(n);
    }
    for (const { packager } of packagers) expect(packager.streamIds.length).toBeGreaterThanOrEqual(5);
  });
});

describe('a live store that is away', () => {
  it('gets everything once it is back, and frames do not pile up meanwhile', async () => {
    const { store, failing } = faultyStore(liveStore);
    const packager = await startPackager({ liveStore: store, settings: { packagerMaxPendingBytes: 700_000 } });
    const publisher = await connect();
    const log = flvLog(BBB_FLV, 1);
    const sent = publisher.send(log.slice(0, 600));
    await viewer.until('some segments', (v) => v.nextMediaSequence === 4);
    failing.add('commit');
    sent.push(...publisher.send(log.slice(600)));
    await expect.poll(() => packager.value('packager_failures_total{op="commit"}')).toBeGreaterThan(0);
    expect(await packager.value('packager_pending_bytes')).toBeLessThan(1_400_000);
    failing.delete('commit');
    const expected = reference(sent, publisher.claim.sessionId);
    await viewer.until('the rest', (v) => v.nextMediaSequence === expected.length);
    expect(viewer.faults).toEqual([]);
    expect(seen()).toEqual(expected);
    expect(packager.lines.some((line) => line.includes('too many segments waited'))).toBe(true);
  });

  it('loses the lease by the clock, and everything goes on when it is back', async () => {
    const { store, failing } = faultyStore(liveStore);
    const packager = await startPackager({ liveStore: store, settings: { leaseTtlMs: 600, leaseRenewMs: 100 } });
    const publisher = await connect();
    const log = flvLog(BBB_FLV, 1);
    const sent = publisher.send(log.slice(0, 600));
    await viewer.until('some segments', (v) => v.nextMediaSequence === 4);
    for (const operation of ['commit', 'renewLeases', 'listLiveStreams', 'acquireLease'] as const)
      failing.add(operation);
    await expect.poll(() => packager.packager.streamIds).toEqual([]);
    expect(await packager.value('packager_leases_lost_total')).toBe(1);
    sent.push(...publisher.send(log.slice(600)));
    failing.clear();
    const expected = reference(sent, publisher.claim.sessionId);
    await viewer.until('the rest', (v) => v.nextMediaSequence === expected.length);
    expect(viewer.faults).toEqual([]);
    expect(seen()).toEqual(expected);
  });
});

describe('frames that are missing', () => {
  it('are counted and give a discontinuity', async () => {
    const packager = await startPackager();
    const publisher = await connect();
    const log = flvLog(BBB_FLV, 1);
    publisher.send(log.slice(0, 700));
    publisher.lose(20);
    publisher.send(log.slice(720));
    await viewer.until('the rest', (v) => v.nextMediaSequence === 14);
    expect(viewer.last!.segments.map(({ discontinuity }) => discontinuity).indexOf(true)).toBe(5);
    expect(await packager.value('packager_gap_frames_total')).toBe(20);
    expect(packager.lines.some((line) => line.includes('frames missing from the log'))).toBe(true);
    expect(checkSegments([...viewer.bytes.values()])).toEqual([]);
  });
});
