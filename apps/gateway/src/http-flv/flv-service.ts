// Answers requests for FLV, and ends its viewers when their stream is taken down.
import { FrameBusError } from '@millrace/frame-bus';
import { LiveStoreError } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import type {
  ViewerCutReason,
  LiveSession,
  LiveStreams,
  PlaybackMeter,
  PlayoutMetrics,
  PlayoutRefusal,
  ViewerSink,
  WatchedViewer,
} from '@millrace/playout';
import type { ProblemCode } from '../http/problem-codes.ts';
import { dependencyUnavailable, ProblemError } from '../http/problem-error.ts';
import type { PlaybackFact } from '../known/facts.ts';
import type { PlaybackDirectory } from '../playback/playback-directory.ts';
import { FLV_FORM } from './flv-form.ts';

/** How the same stream of tags is carried. */
export const FLV_PROTOCOLS = ['http-flv', 'ws-flv'] as const;
export type FlvProtocol = (typeof FLV_PROTOCOLS)[number];

/** How often it is checked whether a playback id may still be watched: together with the directory's cache, within a second. */
const LOOK_MS = 200;
/** Seconds after which a player retries. */
const RETRY_AFTER = { 'retry-after': '2' };

/** A viewer as its transport describes it. */
export interface FlvViewer {
  readonly protocol: FlvProtocol;
  readonly playbackId: string;
  readonly network: string;
  readonly sink: ViewerSink & {
    attach(viewer: WatchedViewer): void;
    /** What its connection has sent since it came, with the framing of the transport. */
    readonly sentBytes: number;
  };
  /** Aborted when it goes away before it has begun. */
  readonly gone: AbortSignal;
}

/** The viewers of one playback id. */
interface Watched {
  readonly network: string;
  readonly viewers: Set<WatchedViewer>;
  isAsking: boolean;
}

export interface FlvServiceOptions {
  readonly directory: PlaybackDirectory;
  readonly streams: LiveStreams;
  readonly store: Pick<LiveStore, 'readLiveStream'>;
  readonly meter: PlaybackMeter;
  readonly metrics: PlayoutMetrics;
}

/** What playout asks of the live store. */
export const sessionReader =
  (store: Pick<LiveStore, 'readLiveStream'>) =>
  async (streamId: string): Promise<LiveSession | undefined> => {
    const live = await store.readLiveStream(streamId);
    return (
      live && {
        epoch: live.claim.epoch,
        isPublished: live.disconnectedAtMs === undefined,
        reconnectWindowMs: live.claim.settings.reconnectWindowMs,
      }
    );
  };

export class FlvService {
  readonly #options: FlvServiceOptions;
  readonly #watched = new Map<string, Watched>();
  /** Runs only while there are viewers. */
  #timer: NodeJS.Timeout | undefined;
  #isDraining = false;

  constructor(options: FlvServiceOptions) {
    this.#options = options;
    for (const protocol of FLV_PROTOCOLS) options.meter.add(protocol);
  }

  get viewerCount(): number {
    return this.#options.streams.viewerCount;
  }

  /** Whether a viewer would be served: for HEAD requests. @throws ProblemError */
  async check(protocol: FlvProtocol, playbackId: string, network: string): Promise<void> {
    await this.#answer(protocol, async () => {
      const { streamId } = await this.#find(playbackId, network);
      if ((await this.#options.store.readLiveStream(streamId)) === undefined) throw streamOffline();
    });
  }

  /** Serves a stream to a viewer. @returns once it has begun. @throws ProblemError when it is refused */
  async watch(viewer: FlvViewer): Promise<void> {
    const { protocol, playbackId, network, sink, gone } = viewer;
    await this.#answer(protocol, async () => {
      if (this.#isDraining) throw dependencyUnavailable('The server');
      const { streamId, tenantId } = await this.#find(playbackId, network);
      const { streams, metrics, meter } = this.#options;
      let stopMetering: (() => void) | undefined;
      const observer = {
        sent: (bytes: number) => {
          stopMetering ??= meter.connected(protocol, { playbackId, streamId, tenantId }, () => sink.sentBytes);
          metrics.sent(protocol, bytes);
        },
        skipped: () => metrics.skipped(protocol),
        cut: (reason: ViewerCutReason) => metrics.cut(protocol, reason),
      };
      let untrack: (() => void) | undefined;
      const attached = (watched: WatchedViewer): void => {
        untrack = this.#track(playbackId, network, watched);
        sink.attach(watched);
      };
      const left = (): void => {
        stopMetering?.();
        untrack?.();
      };
      const request = { streamId, tenantId, network, form: FLV_FORM, sink, observer, attached, left };
      const { outcome } = await streams.watch(request, gone);
      if (outcome === 'offline') throw streamOffline();
      if (outcome === 'limit')
        throw new ProblemError(
          'too_many_viewers',
          'A limit of viewers is reached: of this gateway, your address, or the tenant.',
          {
            headers: RETRY_AFTER,
          },
        );
    });
  }

  /** Ends all viewers and refuses new ones: players reconnect, to a gateway that stays. */
  leave(): void {
    this.#isDraining = true;
    this.#options.streams.end('draining');
  }

  close(): void {
    this.#stopLooking();
    this.leave();
    this.#options.streams.close();
  }

  async #find(playbackId: string, network: string): Promise<PlaybackFact> {
    const fact = await this.#options.directory.find(playbackId, network);
    if (fact === undefined) throw new ProblemError('not_found', 'There is no such playback id.');
    return fact;
  }

  async #answer(protocol: FlvProtocol, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const problem = problemOf(error);
      this.#options.metrics.refused(protocol, refusalOf(problem));
      throw problem;
    }
  }

  #track(playbackId: string, network: string, viewer: WatchedViewer): () => void {
    let watched = this.#watched.get(playbackId);
    if (watched === undefined)
      this.#watched.set(playbackId, (watched = { network, viewers: new Set(), isAsking: false }));
    const { viewers } = watched;
    viewers.add(viewer);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
    return () => {
      viewers.delete(viewer);
      if (viewers.size === 0 && this.#watched.get(playbackId)?.viewers === viewers) this.#watched.delete(playbackId);
      if (this.#watched.size === 0) this.#stopLooking();
    };
  }

  #stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = Date.now();
    for (const [playbackId, watched] of this.#watched)
      if (!watched.isAsking && this.#options.directory.fresh(playbackId, now) === undefined)
        void this.#lookAt(playbackId, watched);
  }

  /** Ends its viewers when the id is deleted, its stream disabled, or the tenant suspended; not when that is unknown now. */
  async #lookAt(playbackId: string, watched: Watched): Promise<void> {
    watched.isAsking = true;
    try {
      await this.#find(playbackId, watched.network);
    } catch (error) {
      if (!isTakenDown(error)) return;
      for (const viewer of watched.viewers) viewer.end('taken_down');
    } finally {
      watched.isAsking = false;
    }
  }
}

const streamOffline = (): ProblemError =>
  new ProblemError('stream_offline', 'This stream is not live now.', { headers: RETRY_AFTER });

const isTakenDown = (error: unknown): boolean =>
  error instanceof ProblemError && (error.code === 'not_found' || error.code === 'playback_disabled');

function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof LiveStoreError) return dependencyUnavailable('The live store', error);
  if (error instanceof FrameBusError) return dependencyUnavailable('The frame bus', error);
  return new ProblemError('internal_error', 'An internal error occurred on this server.', { cause: error });
}

const REFUSALS: Partial<Readonly<Record<ProblemCode, PlayoutRefusal>>> = {
  not_found: 'not_found',
  playback_disabled: 'playback_disabled',
  stream_offline: 'stream_offline',
  too_many_viewers: 'limit',
};
const refusalOf = ({ code }: ProblemError): PlayoutRefusal => REFUSALS[code] ?? 'unavailable';
