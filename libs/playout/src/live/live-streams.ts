// The streams that are watched in this process: opened for their first viewer, closed some time after their last one.
import { setTimeout as delay } from 'node:timers/promises';
import { onSharedBeatWhile, TICKS_PER_MS } from '@millrace/domain';
import type { WorkBeat } from '@millrace/domain';
import type { FrameBus } from '@millrace/frame-bus';
import { SharedPlaces } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { ByteBudget } from './byte-budget.ts';
import type { ByteAccount } from './byte-budget.ts';
import { GroupCache } from './group-cache.ts';
import { LiveViewer } from './live-viewer.ts';
import type { EndReason, ViewerObserver, ViewerSink, Wanted } from './live-viewer.ts';
import { MergeClock } from './merge-clock.ts';
import type { PlayoutLevels } from './playout-metrics.ts';
import type { PlayoutSettings } from './playout-settings.ts';
import type { LiveSession } from './session-end-detector.ts';
import { WatchedStream } from './watched-stream.ts';
import type { SeenTracks, WireForm } from './wire-form.ts';

const LOOK_MS = 1_000;
/** How often it is checked whether a stream that viewers wait for has begun. */
const ASK_AGAIN_MS = 250;
/** How long a stream is still read after its last viewer has left, so that a reloaded page finds it. */
const LINGER_MS = 5_000;

export interface LiveStreamsOptions {
  readonly frames: Pick<FrameBus, 'subscribe'>;
  /** What the live store says of a stream; undefined: no session. @throws when the store does not answer */
  readonly readSession: (streamId: string) => Promise<LiveSession | undefined>;
  readonly settings: PlayoutSettings;
  readonly logger: Logger;
  readonly onGap: () => void;
  /** How long frames are collected at most to be written together, in milliseconds; 0, each at once, when not given. */
  readonly mergeMs?: number;
  /** A clock that does not go back. */
  readonly nowMs?: () => number;
}

/** Who watches what. */
export interface WatchRequest {
  readonly streamId: string;
  readonly tenantId: string;
  /** As `peerNetwork` has it. */
  readonly network: string;
  readonly form: WireForm;
  /** Whether it can read a codec; every codec when not given. */
  readonly accepts?: (codec: number) => boolean;
  /** What it is to be sent from the beginning; everything when not given. */
  readonly wanted?: Wanted;
  readonly sink: ViewerSink;
  readonly observer: ViewerObserver;
  /** Called once, before anything is written to the sink. */
  readonly attached: (viewer: WatchedViewer) => void;
  /** Called once, when it is over, for whatever reason. */
  readonly left: () => void;
}

export type WatchOutcome =
  | { readonly outcome: 'watching' }
  /** There is no session, or its first keyframe did not come in time. */
  | { readonly outcome: 'offline' }
  /** Too many viewers: in all, from this address, or of this tenant. */
  | { readonly outcome: 'limit' };

/** What the transport of a viewer tells, and asks for. */
export interface WatchedViewer {
  drained(): void;
  /** It is sent nothing until it goes on. */
  pause(isPaused: boolean): void;
  want(wanted: Wanted): void;
  /** For what the transport keeps of what was written to it: of the shares of which the queue is too. The transport closes it. */
  openAccount(): ByteAccount;
  readonly hasBegun: boolean;
  /** The connection is gone, or the viewer is not wanted any more. Idempotent. */
  leave(): void;
  /** Ends it in good order. */
  end(reason: EndReason): void;
}

export class LiveStreams {
  readonly #options: LiveStreamsOptions;
  readonly #nowMs: () => number;
  readonly #streams = new Map<string, Promise<WatchedStream | undefined>>();
  readonly #open = new Set<WatchedStream>();
  readonly #places: SharedPlaces;
  readonly #queues: ByteBudget;
  readonly #groups: ByteBudget;
  readonly #merging: MergeClock;
  readonly #asking = new Map<string, Promise<LiveSession | undefined>>();
  readonly #timer: WorkBeat;

  constructor(options: LiveStreamsOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    const { settings } = options;
    this.#places = new SharedPlaces({
      max: settings.playoutMaxViewers,
      maxPerAddress: settings.playoutMaxViewersPerAddress,
      maxPerTenant: settings.playoutMaxViewersPerTenant,
    });
    this.#queues = new ByteBudget({
      max: settings.playoutQueuesBytes,
      maxPerAddress: settings.playoutQueuesBytesPerAddress,
      maxPerTenant: settings.playoutQueuesBytesPerTenant,
    });
    this.#groups = new ByteBudget({
      max: settings.playoutGroupsBytes,
      maxPerTenant: settings.playoutGroupsBytesPerTenant,
    });
    this.#merging = new MergeClock(options.mergeMs ?? 0, () => this.#places.taken);
    this.#timer = onSharedBeatWhile(
      LOOK_MS,
      () => this.#open.size > 0,
      () => this.look(),
    );
  }

  get levels(): PlayoutLevels {
    return { streams: this.#open.size, groupBytes: this.#groups.bytes, queuedBytes: this.#queues.bytes };
  }

  get viewerCount(): number {
    return this.#places.taken;
  }

  /**
   * Adds a viewer, and waits until it has begun, so that a transport can still send an error instead.
   *
   * @param gone aborted when the viewer goes away meanwhile
   * @throws FrameBusError when the bus is away, or what `readSession` throws
   */
  async watch(request: WatchRequest, gone: AbortSignal): Promise<WatchOutcome> {
    const { network, tenantId, form, sink, observer, attached, left } = request;
    const release = this.#places.take({ network, tenantId });
    if (release === undefined) return { outcome: 'limit' };
    let stream: WatchedStream | undefined;
    try {
      stream = await this.#find(request);
    } catch (error) {
      release();
      throw error;
    }
    if (stream === undefined) {
      release();
      return { outcome: 'offline' };
    }
    const { settings } = this.#options;
    const limits = {
      maxQueueBytes: settings.playoutQueueBytes,
      maxQueue90k: settings.playoutQueueMs * TICKS_PER_MS,
      maxSkips: settings.playoutMaxSkips,
      unreadMs: settings.playoutUnreadMs,
    };
    const begun = Promise.withResolvers<void>();
    const account = this.#queues.open({ network, tenantId });
    const write = (bytes: Uint8Array): boolean => {
      begun.resolve();
      return sink.write(bytes);
    };
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      begun.resolve();
      release();
      stream.remove(viewer);
      left();
    };
    const watchedSink: ViewerSink = {
      write,
      end: (reason) => {
        over();
        sink.end(reason);
      },
      cut: (reason) => {
        over();
        sink.cut(reason);
      },
      interrupted: () => sink.interrupted?.(),
      resumed: () => sink.resumed?.(),
      epochBegins: (epoch) => sink.epochBegins?.(epoch),
    };
    const viewer = new LiveViewer(form, watchedSink, account, limits, observer, this.#nowMs, request.accepts);
    if (request.wanted !== undefined) viewer.want(request.wanted);
    const leave = (): void => {
      viewer.closed();
      over();
    };
    const isRunning = (): boolean => !viewer.isOver;
    attached({
      drained: () => viewer.drained(),
      pause: (isPaused) => (isPaused ? viewer.pause() : stream.resume(viewer)),
      want: (wanted) => viewer.want(wanted),
      openAccount: () => this.#queues.open({ network, tenantId }),
      get hasBegun() {
        return viewer.hasBegun && isRunning();
      },
      leave,
      end: (reason) => viewer.end(reason),
    });
    stream.add(viewer);
    await this.#whenBegun(begun.promise, gone);
    if (viewer.hasBegun) return { outcome: 'watching' };
    leave();
    return { outcome: 'offline' };
  }

  /**
   * Reads a stream until it is known which tracks it has, for protocols that describe it before a viewer begins. The stream is read on
   * for a while, so that the viewer finds it.
   *
   * @returns undefined when there is no session, or no keyframe in time. @throws as `watch` does
   */
  async describe(streamId: string, tenantId: string, gone: AbortSignal): Promise<SeenTracks | undefined> {
    const stream = await this.#find({ streamId, tenantId });
    if (stream === undefined) return undefined;
    const described = stream.whenDescribed();
    await this.#whenBegun(described.promise, gone);
    described.forget();
    return stream.isClosed || gone.aborted ? undefined : stream.tracks;
  }

  /**
   * Waits until a stream has a session.
   *
   * @returns false when it has none within `waitMs`, or the viewer goes away. @throws what `readSession` throws
   */
  async whenListed(streamId: string, waitMs: number, gone: AbortSignal): Promise<boolean> {
    const deadlineMs = this.#nowMs() + waitMs;
    for (;;) {
      if (gone.aborted) return false;
      if ((await this.#askTogether(streamId)) !== undefined) return true;
      const leftMs = deadlineMs - this.#nowMs();
      if (leftMs <= 0) return false;
      await delay(Math.min(ASK_AGAIN_MS, leftMs), undefined, { signal: gone }).catch(() => undefined);
    }
  }

  /** Checks viewers and streams: called about once a second. */
  look(): void {
    const now = this.#nowMs();
    for (const stream of this.#open) {
      stream.look();
      if (now - (stream.emptySinceMs ?? now) >= LINGER_MS) stream.close();
    }
  }

  /** Ends every viewer in good order. */
  end(reason: EndReason): void {
    for (const stream of this.#open) stream.end(reason);
  }

  close(): void {
    this.#timer.stop();
    this.end('draining');
  }

  /** The store is asked once for all who wait for a stream. */
  #askTogether(streamId: string): Promise<LiveSession | undefined> {
    const asking = this.#asking.get(streamId);
    if (asking !== undefined) return asking;
    const asked = this.#options.readSession(streamId).finally(() => {
      if (this.#asking.get(streamId) === asked) this.#asking.delete(streamId);
    });
    this.#asking.set(streamId, asked);
    return asked;
  }

  /** Callers that ask at the same time share one stream, or one answer. */
  async #find({ streamId, tenantId }: Pick<WatchRequest, 'streamId' | 'tenantId'>): Promise<WatchedStream | undefined> {
    const known = this.#streams.get(streamId);
    if (known !== undefined) return known;
    const opening = this.#openStream(streamId, tenantId);
    this.#streams.set(streamId, opening);
    const forget = (): void => void this.#streams.delete(streamId);
    void opening.then((stream) => stream ?? forget(), forget);
    return opening;
  }

  async #openStream(streamId: string, tenantId: string): Promise<WatchedStream | undefined> {
    const { frames, readSession, settings, logger, onGap } = this.#options;
    const session = await readSession(streamId);
    if (session === undefined) return undefined;
    const groupLimits = {
      maxBytes: Math.min(settings.playoutGroupBytes, settings.playoutQueueBytes),
      maxSpan90k: settings.playoutGroupMs * TICKS_PER_MS,
    };
    const stream = new WatchedStream({
      streamId,
      frames,
      readSession,
      logger,
      onGap,
      onClosed: () => {
        this.#open.delete(stream);
        this.#streams.delete(streamId);
      },
      group: new GroupCache(groupLimits, this.#groups.open({ tenantId })),
      firstEpoch: session.epoch,
      merging: this.#merging,
      nowMs: this.#nowMs,
    });
    try {
      await stream.open();
    } catch (error) {
      stream.close();
      throw error;
    }
    this.#open.add(stream);
    this.#timer.wake();
    return stream;
  }

  async #whenBegun(begun: Promise<unknown>, gone: AbortSignal): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, this.#options.settings.playoutStartMs);
    gone.addEventListener('abort', () => late.resolve(), { once: true });
    if (gone.aborted) late.resolve();
    await Promise.race([begun, late.promise]);
    clearTimeout(timer);
  }
}
