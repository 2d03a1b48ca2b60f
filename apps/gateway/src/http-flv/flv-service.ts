// Answers requests for FLV, and ends its viewers when their stream is taken down.
import { FrameBusError } from '@millrace/frame-bus';
import { LiveStoreError } from '@millrace/live-store';
import { playoutRefusalOf } from '@millrace/playout';
import type {
  ViewerCutReason,
  LiveStreams,
  PlaybackMeter,
  PlayoutMetrics,
  ViewerSink,
  WatchedViewer,
} from '@millrace/playout';
import type { SharedPlaces } from '@millrace/service-kit';
import { dependencyUnavailable, ProblemError } from '../http/problem-error.ts';
import type { PlaybackFact } from '../known/facts.ts';
import type { PlaybackDirectory } from '../playback/playback-directory.ts';
import { isRefused, isTakenDown, streamOffline } from '../playback/playback-admission.ts';
import type { AdmittedViewer, PlaybackAdmission } from '../playback/playback-admission.ts';
import { isSigned } from '../playback/playback-gate.ts';
import type { ViewerQuotas } from '../playback/viewer-quotas.ts';
import type { PlaybackVisitor } from '../playback/playback-visitor.ts';
import { FLV_FORM } from './flv-form.ts';

/** How the same stream of tags is carried. */
export const FLV_PROTOCOLS = ['http-flv', 'ws-flv'] as const;
export type FlvProtocol = (typeof FLV_PROTOCOLS)[number];

/** What viewers know this protocol as. */
const DOOR = 'FLV';
/** How often it is checked whether a playback id may still be watched: together with the directory's cache, within a second. */
const LOOK_MS = 200;
/** How often it is checked whether each viewer of a signed one may still watch: with what the check remembers, within two seconds. */
const RECHECK_MS = 1_000;
/** Seconds after which a player retries. */
const RETRY_AFTER = { 'retry-after': '2' };

/** A viewer as its transport describes it. */
export interface FlvViewer {
  readonly protocol: FlvProtocol;
  readonly playbackId: string;
  readonly visitor: PlaybackVisitor;
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
  /** With what they were let in by, where the id is signed. */
  readonly viewers: Map<WatchedViewer, AdmittedViewer | undefined>;
  isAsking: boolean;
  askedAtMs: number;
}

export interface FlvServiceOptions {
  readonly directory: PlaybackDirectory;
  readonly admission: PlaybackAdmission;
  readonly quotas: ViewerQuotas;
  readonly streams: LiveStreams;
  readonly meter: PlaybackMeter;
  readonly metrics: PlayoutMetrics;
  /** Viewers that wait for a stream that is pulled on demand, and how long. */
  readonly waiting: SharedPlaces;
  readonly waitMs: number;
}

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
  async check(protocol: FlvProtocol, playbackId: string, visitor: PlaybackVisitor): Promise<void> {
    await this.#answer(protocol, async () => {
      const { admission } = this.#options;
      const { fact } = await admission.admit(playbackId, visitor, DOOR);
      if (!(await admission.isLive(fact))) throw streamOffline();
    });
  }

  /** Serves a stream to a viewer. @returns once it has begun. @throws ProblemError when it is refused */
  async watch(viewer: FlvViewer): Promise<void> {
    const { protocol, playbackId, visitor, sink, gone } = viewer;
    const { network } = visitor;
    await this.#answer(protocol, async () => {
      if (this.#isDraining) throw dependencyUnavailable('The server');
      const { admission, streams, metrics, meter, quotas } = this.#options;
      const entry = await admission.admit(playbackId, visitor, DOOR);
      const { fact, admitted } = entry;
      const { streamId, tenantId } = fact;
      const tokenId = admitted?.ticket.tokenId;
      if (admission.isOnDemand(fact)) await this.#untilPulled(fact, network, gone);
      const name = await admission.begin(playbackId, entry);
      let stopMetering: (() => void) | undefined;
      const metered = { playbackId, streamId, tenantId, tokenId };
      const observer = {
        sent: (bytes: number) => {
          stopMetering ??= meter.connected(protocol, metered, () => sink.sentBytes, name);
          metrics.sent(protocol, bytes);
        },
        skipped: () => metrics.skipped(protocol),
        cut: (reason: ViewerCutReason) => metrics.cut(protocol, reason),
      };
      let untrack: (() => void) | undefined;
      const attached = (watched: WatchedViewer): void => {
        untrack = this.#track(playbackId, network, watched, admitted);
        sink.attach(watched);
      };
      const left = (): void => {
        stopMetering?.();
        untrack?.();
      };
      const request = { streamId, tenantId, network, form: FLV_FORM, sink, observer, attached, left };
      const fail = (error: unknown): never => {
        // One that its token names may have another connection.
        if (tokenId === undefined) quotas.release(playbackId, name);
        throw error;
      };
      const { outcome } = await streams.watch(request, gone).catch(fail);
      if (outcome === 'offline') fail(streamOffline());
      if (outcome === 'limit')
        fail(
          new ProblemError(
            'too_many_viewers',
            'A limit of viewers is reached: of this gateway, your address, or the tenant.',
            { headers: RETRY_AFTER },
          ),
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

  async #answer(protocol: FlvProtocol, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const problem = problemOf(error);
      this.#options.metrics.refused(protocol, playoutRefusalOf(problem.code));
      throw problem;
    }
  }

  /** As long as a playlist would be held. One that finds no place is told at once that the stream is not live. */
  async #untilPulled({ streamId, tenantId }: PlaybackFact, network: string, gone: AbortSignal): Promise<void> {
    const { waiting, waitMs, streams } = this.#options;
    const release = waiting.take({ network, tenantId });
    if (release === undefined) return;
    try {
      await streams.whenListed(streamId, waitMs, gone);
    } finally {
      release();
    }
  }

  #track(playbackId: string, network: string, viewer: WatchedViewer, admitted: AdmittedViewer | undefined): () => void {
    let watched = this.#watched.get(playbackId);
    if (watched === undefined)
      this.#watched.set(
        playbackId,
        (watched = { network, viewers: new Map(), isAsking: false, askedAtMs: performance.now() }),
      );
    const { viewers } = watched;
    viewers.set(viewer, admitted);
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
    for (const [playbackId, watched] of this.#watched) {
      if (watched.isAsking) continue;
      const fact = this.#options.directory.fresh(playbackId, now);
      const isDue = performance.now() - watched.askedAtMs >= RECHECK_MS;
      if (fact === undefined || (isSigned(fact) && isDue)) void this.#lookAt(playbackId, watched);
    }
  }

  /** Ends its viewers when the id is deleted, its stream disabled, or the tenant suspended; not when that is unknown now. */
  async #lookAt(playbackId: string, watched: Watched): Promise<void> {
    watched.isAsking = true;
    watched.askedAtMs = performance.now();
    try {
      const fact = await this.#options.admission.find(playbackId, watched.network, DOOR);
      if (isSigned(fact)) await this.#recheck(fact, watched.viewers);
      else this.#options.admission.watches(fact);
    } catch (error) {
      if (!isTakenDown(error)) return;
      for (const viewer of watched.viewers.keys()) viewer.end('taken_down');
    } finally {
      watched.isAsking = false;
    }
  }

  /** Ends the viewers whose session is over: expired, revoked, or not allowed any more. */
  async #recheck(fact: PlaybackFact, viewers: Watched['viewers']): Promise<void> {
    for (const [viewer, admitted] of [...viewers]) {
      try {
        if (admitted !== undefined) await this.#options.admission.recheck(fact, admitted);
      } catch (error) {
        if (isRefused(error)) viewer.end('taken_down');
      }
    }
  }
}

function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof LiveStoreError) return dependencyUnavailable('The live store', error);
  if (error instanceof FrameBusError) return dependencyUnavailable('The frame bus', error);
  return new ProblemError('internal_error', 'An internal error occurred on this server.', { cause: error });
}
