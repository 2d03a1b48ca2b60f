// The players of an edge: who may watch what.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import { FrameBusError } from '@millrace/frame-bus';
import { Ingest } from '@millrace/ingest';
import {
  EDGE_DRAINING,
  EdgePlayback,
  FormRegistry,
  FRAMES_UNREADABLE,
  RtpForm,
  STREAM_OFFLINE,
  TOO_MANY_PLAYERS,
} from '@millrace/playout';
import type { AdmittedVisit, PlayRefusal, WatchedPlayer, WatchOutcome } from '@millrace/playout';
import type { RtspRequest } from '@millrace/protocol/rtsp';
import type { RtspReply } from '../channel/rtsp-reply.ts';
import type { RtspChannel } from '../channel/rtsp-session.ts';
import { RTSP_EDGE_SETTINGS } from '../rtsp-edge-options.ts';
import type { RtspEdgeSettings } from '../settings.ts';
import { asksForToken, playRefusalReply } from './play-refusals.ts';
import { playAddressFault, playTarget } from './play-target.ts';
import type { RtspPlayTarget } from './play-target.ts';
import { PlayingSession } from './playing-session.ts';

const UNKNOWN_PLAYER = 'a player that does not say its name';

@Injectable()
export class RtspPlayback implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #playback: EdgePlayback;
  readonly #forms = new FormRegistry((seen) => new RtpForm(seen));
  readonly #sessions = new Set<PlayingSession>();

  constructor(
    playback: EdgePlayback,
    private readonly ingest: Ingest,
    @Inject(RTSP_EDGE_SETTINGS) readonly settings: RtspEdgeSettings,
  ) {
    this.#playback = playback;
  }

  /** The number of players, those that have not begun included. */
  get players(): number {
    return this.#sessions.size;
  }

  /** Decides whether a player may watch what it asks to be described. @returns its session, or what it is answered instead */
  async open(
    request: RtspRequest,
    url: URL,
    channel: RtspChannel,
    gone: AbortSignal,
  ): Promise<{ readonly session: PlayingSession } | RtspReply> {
    const isEncrypted = channel.peer.protocol === 'rtsps';
    const target = playTarget(url, request, isEncrypted);
    const release = this.#playback.takePlace(channel.peer.network);
    let opened: PlayingSession | PlayRefusal;
    try {
      opened =
        release === undefined
          ? TOO_MANY_PLAYERS
          : await this.#describe(request, target ?? playAddressFault(url), channel, gone);
    } catch (error) {
      if (!(error instanceof FrameBusError)) channel.logger.error({ err: error }, 'could not describe a stream');
      opened = FRAMES_UNREADABLE;
    }
    if (opened instanceof PlayingSession) {
      const session = opened;
      this.#sessions.add(session);
      session.onOver = () => {
        this.#sessions.delete(session);
        release?.();
      };
      return { session };
    }
    release?.();
    this.refused(channel, opened);
    const { token, isTokenExposed = false } = target ?? {};
    const hasToken = token !== undefined;
    // Also after a digest that proves nothing: the challenge may have been too old.
    const nonce =
      target === undefined || hasToken || !asksForToken(opened.code)
        ? undefined
        : await this.#challenge(target, channel);
    return playRefusalReply(opened, { hasToken, isTokenExposed, isEncrypted, nonce });
  }

  async #challenge({ playbackId }: RtspPlayTarget, { peer, logger }: RtspChannel): Promise<string | undefined> {
    return (await this.ingest.challengeLogin(playbackId, peer, logger))?.opaque;
  }

  watch(admitted: AdmittedVisit, player: WatchedPlayer, gone: AbortSignal): Promise<WatchOutcome> {
    return this.#playback.watch(admitted, player, gone);
  }

  refused({ peer, logger }: RtspChannel, { code }: PlayRefusal): void {
    this.#playback.refused(peer.protocol, code);
    logger.info({ refusal: code }, 'play refused');
  }

  /** Ends the players: RTSP 1.0 has no request that sends them elsewhere and that they follow. Idempotent. */
  leave(): void {
    this.#playback.end('draining');
    for (const session of [...this.#sessions]) session.end('draining');
  }

  beforeApplicationShutdown(): void {
    this.leave();
    this.#playback.close();
  }

  onApplicationShutdown(): Promise<void> {
    return this.#playback.closeReports();
  }

  async #describe(
    { headers }: RtspRequest,
    target: RtspPlayTarget | string,
    channel: RtspChannel,
    gone: AbortSignal,
  ): Promise<PlayingSession | PlayRefusal> {
    if (typeof target === 'string') return { code: 'not_found', detail: target };
    const player = headers.get('user-agent') ?? UNKNOWN_PLAYER;
    const admitted = await this.#playback.admit({ ...target, ...channel.peer, player }, gone);
    if (!('granted' in admitted)) return admitted;
    const seen = await this.#playback.describe(admitted, gone);
    if (this.#playback.isDraining) return EDGE_DRAINING;
    if (seen === undefined) return STREAM_OFFLINE;
    const session = new PlayingSession({ admitted, channel, playback: this });
    const { form, release } = this.#forms.take(admitted.granted.streamId, seen, () => session.outdated());
    session.use(form, release);
    if (form.tracks.length > 0) return session;
    session.close('unsupported_codec');
    return {
      code: 'unsupported_codec',
      detail: `This stream is ${form.leftOut.join(' and ')} only, which RTP has no payload format for.`,
    };
  }
}
