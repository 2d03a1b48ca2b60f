// The players of an edge, whatever their protocol: who may watch, for how long, and what is counted of them.
import { MAX_ENCODER_LENGTH } from '@millrace/control';
import type { AuthorizePlayback, AuthorizePlaybackAnswer, ControlPlane, PlaybackLogin } from '@millrace/control';
import type { UsageSink } from '@millrace/domain';
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import { SharedPlaces } from '@millrace/service-kit';
import type { Logger, Metrics, TenantLabels } from '@millrace/service-kit';
import { LiveStreams } from '../live/live-streams.ts';
import type { WatchedViewer, WatchOutcome, WatchRequest } from '../live/live-streams.ts';
import type { EndReason, ViewerCutReason } from '../live/live-viewer.ts';
import { PlayoutMetrics, playoutRefusalOf } from '../live/playout-metrics.ts';
import type { PlayoutSettings } from '../live/playout-settings.ts';
import { sessionReader } from '../live/session-end-detector.ts';
import type { SeenTracks } from '../live/wire-form.ts';
import { PlaybackMeter } from '../metering/playback-meter.ts';
import { ViewerReports } from '../metering/viewer-reports.ts';
import { PlayerChecks } from './player-checks.ts';

export type GrantedPlayback = Extract<AuthorizePlaybackAnswer, { granted: true }>;

/** Why a player is not served: a problem code of the API, and a sentence. */
export interface PlayRefusal {
  readonly code: string;
  readonly detail: string;
}

export const STREAM_OFFLINE: PlayRefusal = { code: 'stream_offline', detail: 'This stream is not live now.' };
export const TOO_MANY_PLAYERS: PlayRefusal = {
  code: 'too_many_viewers',
  detail: 'A limit of players is reached: of this edge, your address, or the tenant.',
};
export const EDGE_DRAINING: PlayRefusal = {
  code: 'dependency_unavailable',
  detail: 'This server restarts: connect again.',
};
export const FRAMES_UNREADABLE: PlayRefusal = {
  code: 'dependency_unavailable',
  detail: 'The frames of this stream cannot be read now.',
};

/** Who wants to watch what. */
export interface PlayerVisit {
  readonly playbackId: string;
  readonly token: string | undefined;
  /** Instead of a token. */
  readonly login?: PlaybackLogin | undefined;
  /** Of the page that plays it, where a player says. */
  readonly origin?: string | undefined;
  readonly address: string;
  /** As `peerNetwork` has it. */
  readonly network: string;
  readonly protocol: string;
  /** What the player calls itself. */
  readonly player: string;
}

export interface AdmittedVisit {
  readonly visit: PlayerVisit;
  readonly granted: GrantedPlayback;
}

export interface EdgePlaybackOptions {
  readonly control: Pick<ControlPlane, 'authorizePlayback' | 'checkPlayback'>;
  readonly frames: FrameBus;
  readonly store: LiveStore;
  readonly metrics: Metrics;
  readonly labels: TenantLabels;
  readonly usage: UsageSink;
  readonly logger: Logger;
  /** Those of the edge. */
  readonly protocols: readonly string[];
  readonly edgeId: string;
  readonly settings: PlayoutSettings;
  /** How long gateways may take to answer, in milliseconds. */
  readonly authorizeMs: number;
  /** How long a player waits for a stream that is not live, in milliseconds. */
  readonly waitMs: number;
  /** How long frames are collected at most to be written together, in milliseconds. */
  readonly mergeMs: number;
}

/** What is told of a player beside what it is sent. */
export interface WatchedPlayer extends Pick<WatchRequest, 'form' | 'accepts' | 'wanted' | 'sink'> {
  /** What its connection has sent of the media, in bytes. */
  readonly sentBytes: () => number;
  readonly attached: (viewer: WatchedViewer) => void;
  readonly left?: () => void;
}

export class EdgePlayback {
  readonly #options: EdgePlaybackOptions;
  readonly #streams: LiveStreams;
  readonly #metrics: PlayoutMetrics;
  readonly #meter: PlaybackMeter;
  readonly #reports: ViewerReports;
  readonly #checks: PlayerChecks;
  readonly #places: SharedPlaces;
  #isDraining = false;

  constructor(options: EdgePlaybackOptions) {
    this.#options = options;
    const { control, frames, store, metrics, labels, usage, logger, protocols, settings, mergeMs } = options;
    this.#metrics = new PlayoutMetrics(metrics, protocols, () => this.#streams.levels);
    this.#streams = new LiveStreams({
      frames,
      settings,
      logger,
      readSession: sessionReader(store),
      mergeMs,
      onGap: () => this.#metrics.gap(),
    });
    this.#meter = new PlaybackMeter(metrics, labels, usage);
    for (const protocol of protocols) this.#meter.add(protocol);
    this.#checks = new PlayerChecks(control, options.authorizeMs);
    this.#reports = new ViewerReports({ store, logger, groupsOf: (id) => this.#checks.groupsOf(id) });
    this.#meter.listen(this.#reports);
    this.#places = new SharedPlaces({
      max: settings.playoutMaxViewers,
      maxPerAddress: settings.playoutMaxViewersPerAddress,
    });
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** A place for a player, which it holds while it waits too. @returns what releases it; undefined when there is none left */
  takePlace(network: string): (() => void) | undefined {
    return this.#places.take({ network });
  }

  /** Asks whether a player may watch, again and again while the stream is not live. @param gone aborted when the player goes away */
  async admit(visit: PlayerVisit, gone: AbortSignal): Promise<AdmittedVisit | PlayRefusal> {
    const { authorizeMs, control, waitMs } = this.#options;
    const deadlineMs = performance.now() + waitMs;
    for (;;) {
      if (this.#isDraining) return EDGE_DRAINING;
      const granted = await control.authorizePlayback(this.#question(visit), authorizeMs);
      if (granted.granted) return { visit, granted };
      const { refusal: code, detail, offlineStreamId } = granted;
      const leftMs = deadlineMs - performance.now();
      if (offlineStreamId === undefined || leftMs <= 0 || gone.aborted) return { code, detail };
      if (!(await this.#streams.whenListed(offlineStreamId, leftMs, gone))) return { code, detail };
    }
  }

  /** The tracks of a stream, before a player watches it; undefined when it shows none in time. */
  describe({ granted: { streamId, tenantId } }: AdmittedVisit, gone: AbortSignal): Promise<SeenTracks | undefined> {
    return this.#streams.describe(streamId, tenantId, gone);
  }

  /** Serves an admitted player until it leaves or is ended. @returns once it has begun, or why it has not */
  async watch({ visit, granted }: AdmittedVisit, player: WatchedPlayer, gone: AbortSignal): Promise<WatchOutcome> {
    const { playbackId, address: clientAddress, network, protocol, origin } = visit;
    const { tenantId, streamId, ticket, tokenId, name, groups } = granted;
    const checked = { playbackId, clientAddress, player: visit.player.slice(0, MAX_ENCODER_LENGTH), origin, ticket };
    let stopMetering: (() => void) | undefined;
    let forget: (() => void) | undefined;
    const metered = { playbackId, streamId, tenantId, tokenId };
    const observer = {
      sent: (bytes: number) => {
        stopMetering ??= this.#meter.connected(protocol, metered, player.sentBytes, name);
        this.#metrics.sent(protocol, bytes);
      },
      skipped: () => this.#metrics.skipped(protocol),
      cut: (reason: ViewerCutReason) => this.#metrics.cut(protocol, reason),
    };
    const { form, accepts, wanted, sink } = player;
    return this.#streams.watch(
      {
        streamId,
        tenantId,
        network,
        form,
        sink,
        observer,
        ...(accepts && { accepts }),
        ...(wanted && { wanted }),
        attached: (viewer) => {
          player.attached(viewer);
          forget = this.#checks.add(viewer, checked, groups);
        },
        left: () => {
          stopMetering?.();
          forget?.();
          player.left?.();
        },
      },
      gone,
    );
  }

  /** Counts a player that was refused. @param code a problem code of the API */
  refused(protocol: string, code: string): void {
    this.#metrics.refused(protocol, playoutRefusalOf(code));
  }

  /** Admits no more players. Idempotent. */
  leave(): void {
    this.#isDraining = true;
  }

  /** Leaves, and ends all players. Idempotent. */
  end(reason: EndReason): void {
    this.leave();
    this.#streams.end(reason);
  }

  /** Ends all players, and reads nothing more. */
  close(): void {
    this.end('draining');
    this.#checks.stop();
    this.#streams.close();
  }

  /** Tells of those who have left. The last step. */
  closeReports(): Promise<void> {
    return this.#reports.close();
  }

  #question({ playbackId, token, login, origin, address, protocol, player }: PlayerVisit): AuthorizePlayback {
    const name = player.slice(0, MAX_ENCODER_LENGTH).toWellFormed();
    const { edgeId } = this.#options;
    return {
      playbackId,
      token,
      ...(login && { login }),
      origin,
      clientAddress: address,
      protocol,
      player: name,
      edgeId,
    };
  }
}
