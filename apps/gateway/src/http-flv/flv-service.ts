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
import { isSigned } from '../playback/playback-gate.ts';
import type { PlaybackGate } from '../playback/playback-gate.ts';
import type { ViewerQuotas } from '../playback/viewer-quotas.ts';
import type { PlaybackVisitor } from '../playback/playback-visitor.ts';
import type { ViewerTicket } from '../playback/viewer-ticket.ts';
import { FLV_FORM } from './flv-form.ts';

/** How the same stream of tags is carried. */
export const FLV_PROTOCOLS = ['http-flv', 'ws-flv'] as const;
export type FlvProtocol = (typeof FLV_PROTOCOLS)[number];

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

/** A viewer that was let in by a token. */
interface Admitted {
  readonly ticket: ViewerTicket;
  readonly visitor: PlaybackVisitor;
}

/** The viewers of one playback id. */
interface Watched {
  readonly network: string;
  /** With what they were let in by, where the id is signed. */
  readonly viewers: Map<WatchedViewer, Admitted | undefined>;
  isAsking: boolean;
  askedAtMs: number;
}

export interface FlvServiceOptions {
  readonly directory: PlaybackDirectory;
  readonly gate: PlaybackGate;
  readonly quotas: ViewerQuotas;
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
  async check(protocol: FlvProtocol, playbackId: string, visitor: PlaybackVisitor): Promise<void> {
    await this.#answer(protocol, async () => {
      const { fact } = await this.#admit(playbackId, visitor);
      const { streamId } = fact;
      if ((await this.#options.store.readLiveStream(streamId)) === undefined) throw streamOffline();
    });
  }

  /** Serves a stream to a viewer. @returns once it has begun. @throws ProblemError when it is refused */
  async watch(viewer: FlvViewer): Promise<void> {
    const { protocol, playbackId, visitor, sink, gone } = viewer;
    const { network } = visitor;
    await this.#answer(protocol, async () => {
      if (this.#isDraining) throw dependencyUnavailable('The server');
      const { fact, admitted } = await this.#admit(playbackId, visitor);
      const { streamId, tenantId } = fact;
      const { streams, metrics, meter, quotas } = this.#options;
      const tokenId = admitted?.ticket.tokenId;
      const name = await this.#begin(fact, playbackId, admitted);
      let stopMetering: (() => void) | undefined;
      const observer = {
        sent: (bytes: number) => {
          const viewer = { playbackId, streamId, tenantId, tokenId };
          stopMetering ??= meter.connected(protocol, viewer, () => sink.sentBytes, name);
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

  /** Takes what a viewer may take once, or may find taken. @returns the name that it was admitted by, where a quota is */
  async #begin(fact: PlaybackFact, playbackId: string, admitted: Admitted | undefined): Promise<string | undefined> {
    const { gate, quotas, store, directory } = this.#options;
    const { ticket } = admitted ?? {};
    if (ticket?.singleUse === undefined && directory.viewerGroups(playbackId).length === 0) return undefined;
    // Nothing is taken for a stream that is not there.
    if ((await store.readLiveStream(fact.streamId)) === undefined) throw streamOffline();
    const name = await quotas.admitConnection(fact, { playbackId, tokenId: ticket?.tokenId });
    if (ticket !== undefined) await gate.useUp(fact.tenantId, ticket);
    return name;
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
    if (this.#options.directory.isEncrypted(playbackId))
      throw new ProblemError(
        'stream_encrypted',
        'This stream is encrypted (`aes-128`): FLV would show it to everyone.',
      );
    return fact;
  }

  async #admit(
    playbackId: string,
    visitor: PlaybackVisitor,
  ): Promise<{ readonly fact: PlaybackFact; readonly admitted?: Admitted }> {
    const fact = await this.#find(playbackId, visitor.network);
    if (!isSigned(fact)) return { fact };
    const ticket = await this.#options.gate.enter({ fact, playbackId }, visitor);
    return { fact, admitted: { ticket, visitor } };
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

  #track(playbackId: string, network: string, viewer: WatchedViewer, admitted: Admitted | undefined): () => void {
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
      const fact = await this.#find(playbackId, watched.network);
      if (isSigned(fact)) await this.#recheck(fact, watched.viewers);
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
        if (admitted !== undefined) await this.#options.gate.check(fact, admitted.ticket, admitted.visitor);
      } catch (error) {
        if (isRefused(error)) viewer.end('taken_down');
      }
    }
  }
}

const streamOffline = (): ProblemError =>
  new ProblemError('stream_offline', 'This stream is not live now.', { headers: RETRY_AFTER });

const TAKEN_DOWN: ReadonlySet<ProblemCode> = new Set([
  'not_found',
  'playback_disabled',
  'playback_quota_exceeded',
  'stream_encrypted',
  'signed_playback_required',
]);
const isTakenDown = (error: unknown): boolean => error instanceof ProblemError && TAKEN_DOWN.has(error.code);

/** What cannot be told now ends nothing. */
const isRefused = (error: unknown): boolean =>
  error instanceof ProblemError && (error.status === 401 || error.status === 403);

function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof LiveStoreError) return dependencyUnavailable('The live store', error);
  if (error instanceof FrameBusError) return dependencyUnavailable('The frame bus', error);
  return new ProblemError('internal_error', 'An internal error occurred on this server.', { cause: error });
}

const REFUSALS: Partial<Readonly<Record<ProblemCode, PlayoutRefusal>>> = {
  not_found: 'not_found',
  playback_disabled: 'playback_disabled',
  playback_quota_exceeded: 'limit',
  stream_encrypted: 'not_allowed',
  signed_playback_required: 'not_allowed',
  playback_token_used: 'not_allowed',
  stream_offline: 'stream_offline',
  too_many_viewers: 'limit',
  playback_token_invalid: 'not_allowed',
  playback_token_expired: 'not_allowed',
  origin_not_allowed: 'not_allowed',
  playback_not_allowed: 'not_allowed',
  viewer_session_revoked: 'not_allowed',
};
const refusalOf = ({ code }: ProblemError): PlayoutRefusal => REFUSALS[code] ?? 'unavailable';
