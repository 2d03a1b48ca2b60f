// The players of an edge, in the words of RTMP: who is served, refused, and asked to connect elsewhere.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import { FrameBusError } from '@millrace/frame-bus';
import {
  EDGE_DRAINING,
  EdgePlayback,
  FRAMES_UNREADABLE,
  RtmpForm,
  STREAM_OFFLINE,
  TOO_MANY_PLAYERS,
} from '@millrace/playout';
import type { AdmittedVisit, PlayRefusal } from '@millrace/playout';
import { StatusCode } from '@millrace/protocol/rtmp';
import { RTMP_EDGE_SETTINGS } from '../rtmp-edge-options.ts';
import type { RtmpEdgeSettings } from '../settings.ts';
import { playTarget } from './play-target.ts';
import type { RtmpPlayer } from './rtmp-player.ts';

@Injectable()
export class Playback implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #playback: EdgePlayback;
  readonly #players = new Set<RtmpPlayer>();
  /** By message stream: nearly all players use the first one. */
  readonly #forms = new Map<number, RtmpForm>();

  constructor(
    playback: EdgePlayback,
    @Inject(RTMP_EDGE_SETTINGS) private readonly settings: RtmpEdgeSettings,
  ) {
    this.#playback = playback;
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
    if (this.#playback.isDraining) return;
    this.#playback.leave();
    for (const player of this.#players) {
      if (!player.hasBegun) this.#refuse(player, EDGE_DRAINING);
      else if (!player.connection.askToReconnect()) player.end('draining');
    }
  }

  /** Leaves, and ends the players that have not followed. Idempotent. */
  end(): void {
    this.leave();
    this.#playback.end('draining');
  }

  beforeApplicationShutdown(): void {
    this.leave();
    this.#playback.close();
  }

  onApplicationShutdown(): Promise<void> {
    return this.#playback.closeReports();
  }

  async #play(player: RtmpPlayer, chunkSize: number): Promise<void> {
    const { peer, logger } = player.connection;
    this.#players.add(player);
    const release = this.#playback.takePlace(peer.network);
    player.gone.signal.addEventListener('abort', () => {
      this.#players.delete(player);
      release?.();
    });
    try {
      const refusal = release === undefined ? TOO_MANY_PLAYERS : await this.#serve(player, chunkSize);
      if (refusal !== undefined) this.#refuse(player, refusal);
    } catch (error) {
      if (!(error instanceof FrameBusError)) logger.error({ err: error }, 'could not serve a player');
      this.#refuse(player, FRAMES_UNREADABLE);
    }
  }

  #refuse(player: RtmpPlayer, { code, detail }: PlayRefusal): void {
    if (player.gone.signal.aborted) return;
    const { peer, logger } = player.connection;
    this.#playback.refused(peer.protocol, code);
    logger.info({ refusal: code }, 'play refused');
    const isMissing = code === 'not_found' || code === STREAM_OFFLINE.code;
    player.connection.refuse(code, isMissing ? StatusCode.playStreamNotFound : StatusCode.playFailed, detail);
    player.leave();
  }

  /** @returns why it was not served; undefined once it is */
  async #serve(player: RtmpPlayer, chunkSize: number): Promise<PlayRefusal | undefined> {
    const target = playTarget(player.request);
    if (target === undefined)
      return {
        code: 'not_found',
        detail:
          player.request.streamName === ''
            ? 'The address has no playback id: rtmp://HOST/play/PLAYBACK_ID'
            : 'The stream name is not a playback id (pbk_...): rtmp://HOST/play/PLAYBACK_ID',
      };
    const { peer } = player.connection;
    const admitted = await this.#playback.admit(
      { ...target, ...peer, player: player.connect.flashVer },
      player.gone.signal,
    );
    if (player.gone.signal.aborted) return undefined;
    return 'granted' in admitted ? this.#watch(player, admitted, chunkSize) : admitted;
  }

  async #watch(player: RtmpPlayer, admitted: AdmittedVisit, chunkSize: number): Promise<PlayRefusal | undefined> {
    let onlyLeftOut: NodeJS.Timeout | undefined;
    player.onLeftOut = () => {
      onlyLeftOut ??= setTimeout(() => {
        if (!player.hasBegun) this.#refuse(player, onlyUnlisted(player));
      }, this.settings.onlyUnsupportedMs);
    };
    const { outcome } = await this.#playback
      .watch(
        admitted,
        {
          form: this.#formOf(player.request.messageStreamId, chunkSize),
          accepts: (codec) => player.accepts(codec),
          wanted: player.wanted,
          sink: player,
          sentBytes: () => player.sentBytes,
          attached: (viewer) => player.attach(viewer),
        },
        player.gone.signal,
      )
      .finally(() => clearTimeout(onlyLeftOut));
    if (outcome === 'limit') return TOO_MANY_PLAYERS;
    if (outcome === 'watching' || player.gone.signal.aborted) return undefined;
    return player.leftOut.length > 0 ? onlyUnlisted(player) : STREAM_OFFLINE;
  }

  #formOf(messageStreamId: number, chunkSize: number): RtmpForm {
    let form = this.#forms.get(messageStreamId);
    if (form === undefined) this.#forms.set(messageStreamId, (form = new RtmpForm(messageStreamId, chunkSize)));
    return form;
  }
}

const onlyUnlisted = ({ leftOut }: RtmpPlayer): PlayRefusal => ({
  code: 'unsupported_codec',
  detail: `This stream is ${leftOut.join(' and ')} only, which this player does not list in fourCcList (Enhanced RTMP).`,
});
