// The players of an edge: who may watch, for how long, and what is counted of them.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import { CONTROL_PLANE, MAX_ENCODER_LENGTH, UsageReporter } from '@millrace/control';
import type { AuthorizePlayback, AuthorizePlaybackAnswer, ControlPlane } from '@millrace/control';
import { FRAME_BUS, FrameBusError } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import {
  LiveStreams,
  PlaybackMeter,
  PlayoutMetrics,
  playoutRefusalOf,
  sessionReader,
  ViewerReports,
} from '@millrace/playout';
import type { ViewerCutReason, WatchedViewer } from '@millrace/playout';
import { StatusCode } from '@millrace/protocol/rtmp';
import { LOGGER, METRICS, SharedPlaces, TenantLabels } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';
import { PROTOCOLS } from '../protocols.ts';
import { RTMP_EDGE_SETTINGS } from '../rtmp-edge-options.ts';
import { playoutSettingsOf } from '../settings.ts';
import type { RtmpEdgeSettings } from '../settings.ts';
import { PlayerChecks } from './player-checks.ts';
import { playTarget } from './play-target.ts';
import type { PlayTarget } from './play-target.ts';
import { RtmpForm } from './rtmp-form.ts';
import type { RtmpPlayer } from './rtmp-player.ts';

type Granted = Extract<AuthorizePlaybackAnswer, { granted: true }>;

/** Why a player is not served: a problem code of the API, and a sentence. */
interface Refusal {
  readonly code: string;
  readonly detail: string;
}

const OFFLINE: Refusal = { code: 'stream_offline', detail: 'This stream is not live now.' };
const TOO_MANY: Refusal = {
  code: 'too_many_viewers',
  detail: 'A limit of players is reached: of this edge, your address, or the tenant.',
};
const DRAINING: Refusal = { code: 'dependency_unavailable', detail: 'This server restarts: connect again.' };

@Injectable()
export class Playback implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #streams: LiveStreams;
  readonly #playout: PlayoutMetrics;
  readonly #meter: PlaybackMeter;
  readonly #reports: ViewerReports;
  readonly #checks: PlayerChecks;
  readonly #places: SharedPlaces;
  readonly #players = new Set<RtmpPlayer>();
  /** By message stream: nearly all players use the first one. */
  readonly #forms = new Map<number, RtmpForm>();
  #isDraining = false;

  constructor(
    @Inject(CONTROL_PLANE) private readonly control: ControlPlane,
    @Inject(FRAME_BUS) frames: FrameBus,
    @Inject(LIVE_STORE) store: LiveStore,
    @Inject(RTMP_EDGE_SETTINGS) private readonly settings: RtmpEdgeSettings,
    @Inject(METRICS) metrics: Metrics,
    labels: TenantLabels,
    usage: UsageReporter,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.#playout = new PlayoutMetrics(metrics, PROTOCOLS, () => this.#streams.levels);
    this.#streams = new LiveStreams({
      frames,
      settings: playoutSettingsOf(settings),
      logger,
      readSession: sessionReader(store),
      mergeMs: settings.playMergeMs,
      onGap: () => this.#playout.gap(),
    });
    this.#meter = new PlaybackMeter(metrics, labels, usage.ledger);
    for (const protocol of PROTOCOLS) this.#meter.add(protocol);
    this.#checks = new PlayerChecks(control, settings.authorizeMs);
    this.#reports = new ViewerReports({ store, logger, groupsOf: (id) => this.#checks.groupsOf(id) });
    this.#meter.listen(this.#reports);
    this.#places = new SharedPlaces({ max: settings.maxPlayers, maxPerAddress: settings.maxPlayersPerAddress });
  }

  /** The number of players, those that wait for a stream included. */
  get players(): number {
    return this.#players.size;
  }

  /** Serves a player until it leaves or is ended. */
  play(player: RtmpPlayer, chunkSize: number): void {
    void this.#play(player, chunkSize);
  }

  /** Asks players whose protocol allows it to connect elsewhere, and ends the others. Idempotent. */
  leave(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    for (const player of this.#players) {
      if (!player.hasBegun) this.#refuse(player, DRAINING);
      else if (!player.connection.askToReconnect()) player.end('draining');
    }
  }

  /** Leaves, and ends the players that have not followed. Idempotent. */
  end(): void {
    this.leave();
    this.#streams.end('draining');
  }

  beforeApplicationShutdown(): void {
    this.end();
    this.#checks.stop();
    this.#streams.close();
  }

  onApplicationShutdown(): Promise<void> {
    return this.#reports.close();
  }

  async #play(player: RtmpPlayer, chunkSize: number): Promise<void> {
    const { peer, logger } = player.connection;
    this.#players.add(player);
    const release = this.#places.take({ network: peer.network });
    player.gone.signal.addEventListener('abort', () => {
      this.#players.delete(player);
      release?.();
    });
    try {
      const refusal = release === undefined ? TOO_MANY : await this.#serve(player, chunkSize);
      if (refusal !== undefined) this.#refuse(player, refusal);
    } catch (error) {
      if (!(error instanceof FrameBusError)) logger.error({ err: error }, 'could not serve a player');
      this.#refuse(player, { code: 'dependency_unavailable', detail: 'The frames of this stream cannot be read now.' });
    }
  }

  #refuse(player: RtmpPlayer, { code, detail }: Refusal): void {
    if (player.gone.signal.aborted) return;
    const { peer, logger } = player.connection;
    this.#playout.refused(peer.protocol, playoutRefusalOf(code));
    logger.info({ refusal: code }, 'play refused');
    const isMissing = code === 'not_found' || code === OFFLINE.code;
    player.connection.refuse(code, isMissing ? StatusCode.playStreamNotFound : StatusCode.playFailed, detail);
    player.leave();
  }

  /** @returns why it was not served; undefined once it is */
  async #serve(player: RtmpPlayer, chunkSize: number): Promise<Refusal | undefined> {
    const target = playTarget(player.request);
    if (target === undefined)
      return { code: 'not_found', detail: 'The address has no playback id: rtmp://HOST/play/PLAYBACK_ID' };
    const deadlineMs = performance.now() + this.settings.playWaitMs;
    for (;;) {
      if (this.#isDraining) return DRAINING;
      const answer = await this.control.authorizePlayback(this.#question(player, target), this.settings.authorizeMs);
      if (player.gone.signal.aborted) return undefined;
      if (answer.granted) return this.#watch(player, target, answer, chunkSize);
      const { refusal: code, detail, offlineStreamId } = answer;
      const leftMs = deadlineMs - performance.now();
      if (offlineStreamId === undefined || leftMs <= 0) return { code, detail };
      if (!(await this.#streams.whenListed(offlineStreamId, leftMs, player.gone.signal))) return { code, detail };
    }
  }

  #question(player: RtmpPlayer, { playbackId, token, origin }: PlayTarget): AuthorizePlayback {
    const { address: clientAddress, protocol } = player.connection.peer;
    const name = player.connect.flashVer.slice(0, MAX_ENCODER_LENGTH).toWellFormed();
    return { playbackId, token, origin, clientAddress, protocol, player: name, edgeId: this.settings.instanceId };
  }

  async #watch(
    player: RtmpPlayer,
    { playbackId, origin }: PlayTarget,
    { tenantId, streamId, ticket, tokenId, name, groups }: Granted,
    chunkSize: number,
  ): Promise<Refusal | undefined> {
    const { address: clientAddress, network, protocol } = player.connection.peer;
    const visit = {
      playbackId,
      clientAddress,
      player: player.connect.flashVer.slice(0, MAX_ENCODER_LENGTH),
      origin,
      ticket,
    };
    let stopMetering: (() => void) | undefined;
    let forget: (() => void) | undefined;
    const observer = {
      sent: (bytes: number) => {
        const viewer = { playbackId, streamId, tenantId, tokenId };
        stopMetering ??= this.#meter.connected(protocol, viewer, () => player.sentBytes, name);
        this.#playout.sent(protocol, bytes);
      },
      skipped: () => this.#playout.skipped(protocol),
      cut: (reason: ViewerCutReason) => this.#playout.cut(protocol, reason),
    };
    let onlyLeftOut: NodeJS.Timeout | undefined;
    player.onLeftOut = () => {
      onlyLeftOut ??= setTimeout(() => {
        if (!player.hasBegun) this.#refuse(player, onlyUnlisted(player));
      }, this.settings.onlyUnsupportedMs);
    };
    const { outcome } = await this.#streams
      .watch(
        {
          streamId,
          tenantId,
          network,
          form: this.#formOf(player.request.messageStreamId, chunkSize),
          accepts: (codec) => player.accepts(codec),
          wanted: player.wanted,
          sink: player,
          observer,
          attached: (viewer: WatchedViewer) => {
            player.attach(viewer);
            forget = this.#checks.add(viewer, visit, groups);
          },
          left: () => {
            stopMetering?.();
            forget?.();
          },
        },
        player.gone.signal,
      )
      .finally(() => clearTimeout(onlyLeftOut));
    if (outcome === 'limit') return TOO_MANY;
    if (outcome === 'watching' || player.gone.signal.aborted) return undefined;
    return player.leftOut.length > 0 ? onlyUnlisted(player) : OFFLINE;
  }

  #formOf(messageStreamId: number, chunkSize: number): RtmpForm {
    let form = this.#forms.get(messageStreamId);
    if (form === undefined) this.#forms.set(messageStreamId, (form = new RtmpForm(messageStreamId, chunkSize)));
    return form;
  }
}

const onlyUnlisted = ({ leftOut }: RtmpPlayer): Refusal => ({
  code: 'unsupported_codec',
  detail: `This stream is ${leftOut.join(' and ')} only, which this player does not list in fourCcList (Enhanced RTMP).`,
});
