import { newId } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus, FrameSubscriber, StartPosition } from '@millrace/frame-bus';
import { createLogger, defineSettings } from '@millrace/service-kit';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { RecordingSink } from '../testing/recording-sink.ts';
import { configuration, endFrame, keyframe, picture, sound, TextForm } from '../testing/text-form.ts';
import { LiveStreams } from './live-streams.ts';
import type { WatchedViewer, WatchOutcome } from './live-streams.ts';
import { playoutSettings } from './playout-settings.ts';
import type { LiveSession } from './session-end-detector.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const settingsOf = (env: Record<string, string> = {}) => defineSettings(playoutSettings).parse(env);

/** Counts subscriptions, and is away when a test says so. */
class WatchedBus {
  readonly bus: FrameBus = createMemoryFrameBus();
  readonly subscribers: FrameSubscriber[] = [];
  open = 0;
  isAway = false;

  async subscribe(streamId: string, start: StartPosition, subscriber: FrameSubscriber) {
    if (this.isAway) throw new Error('away');
    this.subscribers.push(subscriber);
    this.open++;
    const subscription = await this.bus.subscribe(streamId, start, subscriber);
    return {
      release: () => undefined,
      close: () => {
        this.open--;
        subscription.close();
      },
    };
  }
}

const LIVE: LiveSession = { epoch: 1, isPublished: true, reconnectWindowMs: 10_000 };

interface Setup {
  readonly env?: Record<string, string>;
  readonly session?: LiveSession;
  readonly mergeMs?: number;
}

function create({ env = {}, session = LIVE, mergeMs = 0 }: Setup = {}) {
  const bus = new WatchedBus();
  const clock = { ms: 0 };
  const store: { session: LiveSession | undefined; reads: number } = { session, reads: 0 };
  const gaps = { count: 0 };
  const streamId = newId('str');
  const streams = new LiveStreams({
    frames: bus,
    readSession: () => {
      store.reads++;
      return Promise.resolve(store.session);
    },
    settings: settingsOf(env),
    logger,
    onGap: () => void gaps.count++,
    mergeMs,
    nowMs: () => clock.ms,
  });
  onTestFinished(async () => {
    streams.close();
    await bus.bus.close();
  });
  const publishers = new Map<number, ReturnType<FrameBus['openPublisher']>>();
  const publish = (...frames: Frame[]): void => {
    for (const frame of frames) {
      const publisher = publishers.get(frame.epoch) ?? bus.bus.openPublisher(streamId, frame.epoch);
      publishers.set(frame.epoch, publisher);
      publisher.publish(frame);
    }
  };
  const form = new TextForm();
  const watch = async (over: { network?: string; tenantId?: string; form?: TextForm } = {}) => {
    const sink = new RecordingSink();
    const seen: { viewer?: WatchedViewer; left: number; outcome?: WatchOutcome } = { left: 0 };
    const gone = new AbortController();
    const request = {
      streamId,
      tenantId: 'ten_1',
      network: '192.0.2.1',
      form,
      sink,
      ...over,
      observer: { sent: () => undefined, skipped: () => undefined, cut: () => undefined },
      attached: (viewer: WatchedViewer) => void (seen.viewer = viewer),
      left: () => void seen.left++,
    };
    const outcome = streams.watch(request, gone.signal);
    return { sink, seen, gone, outcome };
  };
  return { bus, clock, store, gaps, streams, streamId, publish, watch, form };
}

const GROUP = [configuration(1), keyframe(2), picture(3)];
const SENT = ['head video', '1/1 ', '1/2 ', '1/3 '];

describe('LiveStreams', () => {
  it('reads a stream once, and writes each frame once, however many watch it', async () => {
    const { bus, publish, watch, form, streams } = create();
    publish(...GROUP);
    const viewers = await Promise.all([watch(), watch(), watch()]);
    for (const { outcome, sink } of viewers) {
      expect(await outcome).toEqual({ outcome: 'watching' });
      await vi.waitFor(() => expect(sink.written).toEqual(SENT));
    }
    publish(picture(4));
    for (const { sink } of viewers) await vi.waitFor(() => expect(sink.written.at(-1)).toBe('1/4 '));
    expect(bus.subscribers).toHaveLength(1);
    expect([...form.timesEncoded.values()]).toEqual([1, 1, 1, 1]);
    expect(streams.levels).toMatchObject({ streams: 1, queuedBytes: 0 });
    expect(streams.levels.groupBytes).toBeGreaterThan(0);
  });

  it('gives all viewers the same piece with several frames, where frames are merged', async () => {
    const { publish, watch } = create({ mergeMs: 20 });
    publish(...GROUP);
    const viewers = await Promise.all([watch(), watch(), watch()]);
    for (const { outcome, sink } of viewers) {
      await outcome;
      expect(sink.written).toEqual(SENT);
    }
    publish(picture(4), sound(5), picture(6));
    for (const { sink } of viewers) await vi.waitFor(() => expect(sink.written.at(-1)).toBe('1/4 1/5 1/6 '));
    const pieces = viewers.map(({ sink }) => sink.last);
    expect(pieces.every((piece) => piece !== undefined && piece === pieces[0])).toBe(true);
  });

  it('starts a viewer at the newest keyframe with its configuration, at the log and at the cache', async () => {
    const { publish, watch } = create();
    publish(...GROUP, configuration(4), keyframe(5), picture(6));
    const first = await watch();
    await first.outcome;
    await vi.waitFor(() => expect(first.sink.written).toEqual(['head video', '1/4 ', '1/5 ', '1/6 ']));
    publish(configuration(7), keyframe(8), picture(9));
    await vi.waitFor(() => expect(first.sink.written.at(-1)).toBe('1/9 '));
    const second = await watch();
    await second.outcome;
    expect(second.sink.written).toEqual(['head video', '1/7 ', '1/8 ', '1/9 ']);
  });

  it('goes on over an encoder that connects again, and passes its configuration on', async () => {
    const { publish, watch } = create();
    publish(...GROUP);
    const { sink, outcome } = await watch();
    await outcome;
    publish(endFrame(4), configuration(1, { epoch: 2 }), keyframe(2, { epoch: 2 }), sound(3, { epoch: 2 }));
    await vi.waitFor(() => expect(sink.written).toEqual([...SENT, '2/1 ', '2/2 ', '2/3 ']));
  });

  it('shows nothing of a session before this one', async () => {
    const { publish, watch } = create({ session: { epoch: 2, isPublished: true, reconnectWindowMs: 0 } });
    publish(...GROUP);
    const { sink, outcome } = await watch();
    publish(configuration(1, { epoch: 2 }), keyframe(2, { epoch: 2 }));
    expect(await outcome).toEqual({ outcome: 'watching' });
    expect(sink.written).toEqual(['head video', '2/1 ', '2/2 ']);
  });

  it('says that a stream without a session is offline, and asks again for the next viewer', async () => {
    const { publish, watch, store, bus } = create();
    store.session = undefined;
    publish(...GROUP);
    const { outcome, seen } = await watch();
    expect(await outcome).toEqual({ outcome: 'offline' });
    expect([seen.left, bus.subscribers]).toEqual([0, []]);
    store.session = { epoch: 1, isPublished: true, reconnectWindowMs: 0 };
    expect(await (await watch()).outcome).toEqual({ outcome: 'watching' });
  });

  it('says so too when the first keyframe does not come in time, or the viewer goes away before', async () => {
    const { watch, streams } = create({ env: { MILLRACE_PLAYOUT_START_MS: '50' } });
    const late = await watch();
    expect(await late.outcome).toEqual({ outcome: 'offline' });
    const leaving = await watch();
    leaving.gone.abort();
    expect(await leaving.outcome).toEqual({ outcome: 'offline' });
    expect([late.seen.left, leaving.seen.left, streams.viewerCount]).toEqual([1, 1, 0]);
  });

  it('passes the error on when the bus is away, and tries again for the next viewer', async () => {
    const { publish, watch, bus, streams } = create();
    publish(...GROUP);
    bus.isAway = true;
    await expect((await watch()).outcome).rejects.toThrow('away');
    expect(streams.viewerCount).toBe(0);
    bus.isAway = false;
    expect(await (await watch()).outcome).toEqual({ outcome: 'watching' });
  });

  it('takes so many viewers: in all, from an address, and of a tenant', async () => {
    const { publish, watch } = create({
      env: {
        MILLRACE_PLAYOUT_MAX_VIEWERS: '4',
        MILLRACE_PLAYOUT_MAX_VIEWERS_PER_ADDRESS: '2',
        MILLRACE_PLAYOUT_MAX_VIEWERS_PER_TENANT: '3',
      },
    });
    publish(...GROUP);
    const outcomeOf = async (network: string, tenantId: string) =>
      (await (await watch({ network, tenantId })).outcome).outcome;
    expect([await outcomeOf('1', 'a'), await outcomeOf('1', 'a'), await outcomeOf('1', 'b')]).toEqual([
      'watching',
      'watching',
      'limit',
    ]);
    expect([await outcomeOf('2', 'a'), await outcomeOf('3', 'a'), await outcomeOf('3', 'b')]).toEqual([
      'watching',
      'limit',
      'watching',
    ]);
    expect(await outcomeOf('4', 'c')).toBe('limit');
  });

  it('gives a place back when its viewer leaves, and stops reading some time after the last one', async () => {
    const { publish, watch, streams, bus, clock } = create();
    publish(...GROUP);
    const { seen, outcome } = await watch();
    await outcome;
    for (let twice = 0; twice < 2; twice++) seen.viewer!.leave();
    expect([seen.left, streams.viewerCount]).toEqual([1, 0]);
    clock.ms = 4_999;
    streams.look();
    expect(bus.open).toBe(1);
    clock.ms = 5_000;
    streams.look();
    expect([bus.open, streams.levels]).toEqual([0, { streams: 0, groupBytes: 0, queuedBytes: 0 }]);
    expect(await (await watch()).outcome).toEqual({ outcome: 'watching' });
  });

  it('ends its viewers when the session is over: asked only while no frames come, after the reconnect window', async () => {
    const { publish, watch, store, streams, clock } = create();
    publish(...GROUP);
    const { sink, outcome } = await watch();
    await outcome;
    await vi.waitFor(() => expect(sink.written).toEqual(SENT));
    const { reads } = store;
    const lookAt = async (ms: number): Promise<void> => {
      clock.ms = ms;
      streams.look();
      await new Promise((resolve) => setImmediate(resolve));
    };
    await lookAt(999);
    expect(store.reads).toBe(reads);
    await lookAt(1_000);
    expect(store.reads).toBe(reads + 1);
    store.session = { epoch: 1, isPublished: false, reconnectWindowMs: 10_000 };
    await lookAt(2_000);
    await lookAt(11_999);
    expect(sink.over).toBeUndefined();
    await lookAt(12_000);
    expect(sink.over).toBe('ended');
    expect(streams.levels.streams).toBe(0);
  });

  it('leaves out what cannot be decoded after a gap', async () => {
    const { publish, watch, gaps, bus } = create();
    publish(...GROUP);
    const { sink, outcome } = await watch();
    await outcome;
    await vi.waitFor(() => expect(sink.written).toEqual(SENT));
    publish(picture(5), picture(6), configuration(7), keyframe(8), picture(9));
    await vi.waitFor(() => expect(sink.written).toEqual([...SENT, '1/7 ', '1/8 ', '1/9 ']));
    expect([gaps.count, bus.subscribers.length]).toEqual([1, 1]);
  });

  it('reads anew, from where it was, when a published stream brings nothing for 20 s', async () => {
    const { publish, watch, streams, clock, bus } = create();
    publish(...GROUP);
    const { sink, outcome } = await watch();
    await outcome;
    await vi.waitFor(() => expect(sink.written).toEqual(SENT));
    clock.ms = 20_000;
    streams.look();
    await vi.waitFor(() => expect([bus.subscribers.length, bus.open]).toEqual([2, 1]));
    publish(picture(4));
    await vi.waitFor(() => expect(sink.written).toEqual([...SENT, '1/4 ']));
  });

  it('lets everyone go at once', async () => {
    const { publish, watch, streams } = create();
    publish(...GROUP);
    const viewers = await Promise.all([watch(), watch()]);
    for (const { outcome } of viewers) await outcome;
    streams.end('draining');
    expect(viewers.map(({ sink, seen }) => [sink.over, seen.left])).toEqual([
      ['draining', 1],
      ['draining', 1],
    ]);
    expect(streams.viewerCount).toBe(0);
  });
});
