// One RTMP connection: its socket, its session, its deadlines, and what it publishes or plays.
import { PUBLISH_REFUSALS } from '@millrace/domain';
import type { PublishRefusal } from '@millrace/domain';
import { claimIds, publishSummary } from '@millrace/ingest';
import type {
  ActivePublisher,
  ConnectionState,
  EarlyMediaSource,
  EncoderPeer,
  LivePublisher,
  MediaWatch,
  PublishDecision,
} from '@millrace/ingest';
import { MediaMemory, RtmpServerSession } from '@millrace/protocol/rtmp';
import type {
  ConnectInfo,
  LoginRequest,
  PlayerCommand,
  PlayRequest,
  PublishRequest,
  ServerSessionHandler,
  SessionClose,
  StopReason,
} from '@millrace/protocol/rtmp';
import type { Logger } from '@millrace/service-kit';
import { ToFrames } from '../media/to-frames.ts';
import { RtmpPlayer } from '../play/rtmp-player.ts';
import type { PlayerConnection } from '../play/rtmp-player.ts';
import type { ByteSocket, ByteSocketHandler } from '../socket/byte-socket.ts';
import { ConnectionDeadlines } from './connection-deadlines.ts';
import type { DeadlineProbe } from './connection-deadlines.ts';
import { CONNECTION_LIMITS } from './connection-limit-reasons.ts';
import type { ConnectionLimitReason } from './connection-limit-reasons.ts';
import type { EdgeContext } from './edge-context.ts';
import { DRAINED, PUBLISH_WARNING, refusalStatus } from './refusal-status.ts';
import { shownCredentials } from './shown-credentials.ts';

type Granted = Extract<PublishDecision, { granted: true }>;

/** Why a connection closes whose player has been sent the end of its stream. */
const PLAY_ENDED = 'play_ended';

/**
 * From open to closing to gone. A connection that is closed from here sends its last status, says that nothing more will
 * come, and has `closeMs` to read it before its socket is destroyed. Publishes end in `#stopPublishing` alone.
 */
export class RtmpConnection implements ServerSessionHandler, ByteSocketHandler, DeadlineProbe, EarlyMediaSource {
  readonly peer: EncoderPeer;
  /** Called once, when the socket is gone. */
  onGone: (() => void) | undefined;
  readonly #context: EdgeContext;
  readonly #session: RtmpServerSession;
  readonly #deadlines: ConnectionDeadlines;
  readonly #logger: Logger;
  #socket: ByteSocket | undefined;
  #active: ActivePublisher | undefined;
  /** The publisher of `#active`. */
  #publisher: LivePublisher | undefined;
  /** Where what is published lies. */
  #memory: MediaMemory | undefined;
  /** What the session's media goes to. */
  #toFrames: ToFrames | undefined;
  #watch: MediaWatch | undefined;
  /** From the request to play to its end. */
  #player: RtmpPlayer | undefined;
  /** Bytes that earlier publishes of this connection have received. */
  #countedBytes = 0;
  #reconnectSupported = false;
  #paused = false;
  /** What of the session's held bytes the edge has been told. */
  #toldHeldBytes = 0;
  /** Requests to publish that wait for their answer. */
  #undecided = 0;
  #closeReason: string | undefined;
  #intendedReason: string | undefined;
  #lingering: NodeJS.Timeout | undefined;
  #ending: NodeJS.Timeout | undefined;
  #askedToLeave = false;

  constructor(peer: EncoderPeer, context: EdgeContext) {
    this.peer = peer;
    this.#context = context;
    this.#logger = context.logger.child({ peer: peer.address, protocol: peer.protocol });
    this.#session = new RtmpServerSession(this, context.session);
    this.#deadlines = new ConnectionDeadlines(context.settings, this, (reason) => this.#limit(reason));
  }

  /** Begins: the socket's bytes come to this connection from now on. */
  open(socket: ByteSocket): void {
    this.#socket = socket;
    this.#deadlines.connected();
    this.#context.ingest.earlyMedia.add(this);
  }

  get state(): ConnectionState {
    if (this.#closeReason !== undefined) return 'closing';
    if (this.#active) return 'publishing';
    if (this.#player?.hasBegun === true) return 'playing';
    return this.handshakeDone ? 'waiting' : 'handshake';
  }

  get handshakeDone(): boolean {
    return this.#session.handshakeDone;
  }

  get bytesReceived(): number {
    return this.#session.bytesReceived;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** The edge stops. */
  drain(): void {
    this.cut('draining');
  }

  /** Ends the connection, telling the client why. */
  cut(refusal: PublishRefusal, detail?: string): void {
    const { code, description } = refusalStatus(refusal, detail);
    this.#dismiss(refusal, code, description);
  }

  waitForRoom(): void {
    this.#deadlines.clear();
    this.#pause();
  }

  hasRoom(): void {
    this.#deadlines.connected();
    this.#resume();
  }

  /** After whatever may have changed them. */
  #tellHeldBytes(): void {
    const change = this.#session.heldBytes - this.#toldHeldBytes;
    this.#toldHeldBytes += change;
    this.#context.ingest.earlyMedia.change(change);
  }

  // What the socket says -------------------------------------------------------------------------------------------------

  onBytes(bytes: Buffer): void {
    // What a client still sends after it was cut is read, so that it gets to read why: the session, which is over, ignores it.
    this.#session.push(bytes);
    this.#afterInput();
  }

  #afterInput(): void {
    this.#tellHeldBytes();
    if (this.#session.heldBytes > this.#context.settings.earlyBytes) return this.#limit('early_bytes');
    const publisher = this.#publisher;
    if (publisher === undefined) {
      if (!this.#session.active && this.#session.bytesBeforeActive > this.#context.settings.setupBytes)
        this.#limit('setup_bytes');
      return;
    }
    publisher.counts.receivedBytes = this.bytesReceived - this.#countedBytes;
    if (!publisher.accepting && !this.#paused) {
      this.#context.metrics.backpressure.inc();
      this.#pause();
    }
  }

  onDrained(): void {
    this.#player?.drained();
  }

  onSocketClosed(error: Error | undefined): void {
    this.#end(error ? 'socket_error' : 'client_closed');
    clearTimeout(this.#lingering);
    const reason = this.#closeReason ?? 'client_closed';
    this.#context.metrics.disconnects.inc({ reason });
    if (!this.handshakeDone) this.#context.metrics.handshakes.inc({ outcome: reason });
    this.#logger.debug({ reason, bytes: this.bytesReceived }, 'closed');
    this.onGone?.();
  }

  // What the session says ------------------------------------------------------------------------------------------------

  send(bytes: Buffer): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.write(bytes);
    // What waits for a player is media, which has limits of its own.
    if (this.#player === undefined && socket.unsentBytes > this.#context.settings.maxUnsentBytes) {
      this.#end('unsent_limit');
      socket.destroy();
    }
  }

  onConnect(info: ConnectInfo): void {
    this.#reconnectSupported = info.reconnectSupported;
    this.#context.metrics.handshakes.inc({ outcome: 'connected' });
  }

  onLoginRequest(request: LoginRequest): void {
    void this.#challenge(request);
  }

  onPublishRequest(request: PublishRequest): void {
    this.#undecided++;
    this.#context.ingest.earlyMedia.remove(this);
    this.#deadlines.deciding();
    // What comes meanwhile waits in the session and in the kernel: a client that does not wait for the answer loses nothing.
    this.#pause();
    void this.#decide(request);
  }

  onPlayRequest(request: PlayRequest): void {
    const { ingest, playback, settings, session } = this.#context;
    ingest.earlyMedia.remove(this);
    this.#deadlines.deciding();
    this.#player = new RtmpPlayer(request, this.#playerConnection(request), settings.playPauseMs);
    playback.play(this.#player, session.playerChunkSize);
  }

  onPlayerCommand(command: PlayerCommand): void {
    this.#player?.command(command);
  }

  onStopped(reason: StopReason): void {
    this.#logger.debug({ how: reason }, 'stopped by the client');
    this.#stopPublishing('unpublished', true);
    this.#stopPlaying();
    this.#deadlines.awaitStream();
    this.#context.ingest.earlyMedia.add(this);
  }

  onClosed({ code, detail }: SessionClose): void {
    this.#logger.debug({ code, detail }, 'session over');
    this.#end(code);
    this.#socket?.resume();
    this.#socket?.end();
    this.#lingering = setTimeout(() => this.#socket?.destroy(), this.#lingerMs);
  }

  /** A player whose stream has ended is still sent what waits for it. */
  get #lingerMs(): number {
    const { closeMs, playoutUnreadMs } = this.#context.settings;
    return this.#closeReason === PLAY_ENDED ? Math.max(closeMs, playoutUnreadMs) : closeMs;
  }

  #playerConnection(request: PlayRequest): PlayerConnection {
    const session = this.#session;
    const unsentBytes = (): number => this.#socket?.unsentBytes ?? 0;
    return {
      peer: this.peer,
      logger: this.#logger,
      get unsentBytes() {
        return unsentBytes();
      },
      accept: () => {
        if (session.acceptPlay(request) === undefined) return false;
        this.#logger.info('play started');
        // What came behind the request may end what is just being begun.
        queueMicrotask(() => {
          session.resumeInput();
          this.#afterInput();
        });
        return true;
      },
      write: (bytes) => this.#socket?.write(bytes) ?? false,
      status: (level, code, description) => session.sendStatus({ level, code, description }),
      streamEvent: (event) => session.sendStreamEvent(event),
      refuse: (reason, code, description) =>
        this.#closing(reason, () => void session.refuse(request, code, description)),
      finish: (reason, isUnpublished, description) =>
        this.#closing(reason, () => session.endPlay(isUnpublished, description)),
      dismiss: (reason, code, description) => this.#dismiss(reason, code, description),
      destroy: (reason) => {
        this.#end(reason);
        this.#socket?.destroy();
      },
      askToReconnect: () => this.#askToReconnect(),
    };
  }

  #stopPlaying(): void {
    const player = this.#player;
    this.#player = undefined;
    if (player?.hasBegun === true)
      this.#logger.info({ reason: this.#closeReason, bytes: player.sentBytes }, 'play ended');
    player?.leave();
  }

  /** Whatever the answer is, it ends the session: the client connects again with what it was told. */
  async #challenge(request: LoginRequest): Promise<void> {
    const challenge = await this.#context.ingest.challengeLogin(request.user, this.peer, this.#logger);
    if (challenge) this.#session.challengeLogin(request, challenge);
    else this.#session.refuseLogin(request);
  }

  async #decide(request: PublishRequest): Promise<void> {
    const decision = await this.#context.ingest.decide(shownCredentials(request), this.peer, this.#logger);
    this.#undecided--;
    if (decision.granted) this.#grant(request, decision);
    else this.#refuse(request, decision.refusal, decision.detail);
    this.#session.resumeInput();
    this.#afterDecision();
  }

  /** What was held may have ended the publish, and begun another one that is decided now. */
  #afterDecision(): void {
    const isDecided = this.#undecided === 0;
    if (isDecided) this.#resume();
    if (isDecided && this.#publisher === undefined && this.#closeReason === undefined)
      this.#context.ingest.earlyMedia.add(this);
    this.#afterInput();
  }

  #refuse(request: PublishRequest, refusal: PublishRefusal, detail: string | undefined): void {
    const { code, description } = refusalStatus(refusal, detail);
    this.#closing(refusal, () => this.#session.refuse(request, code, description));
  }

  #grant(request: PublishRequest, decision: Granted): void {
    const { claim, resumed } = decision;
    const { ingest } = this.#context;
    const { publishes, draining } = ingest;
    if (draining || !this.#session.acceptPublish(request)) {
      publishes.release(claim);
      if (draining) this.#refuse(request, 'draining', undefined);
      return;
    }
    const warn = (description: string): void =>
      this.#session.sendStatus({ level: 'warning', code: PUBLISH_WARNING, description });
    const refuseCodec = (detail: string): void => this.cut('unsupported_codec', detail);
    const watch = ingest.watch(claim, { warn, refuseCodec }, this.#logger);
    this.#memory = this.#openMemory();
    this.#publisher = this.#openPublisher(decision);
    if (!this.#publisher) return;
    this.#session.mediaMemory = this.#memory;
    this.#toFrames = new ToFrames(this.#publisher, watch, this.#context.settings.maxTracks);
    this.#session.media = this.#toFrames;
    this.#watch = watch;
    watch.follow(this.#publisher);
    this.#publisher.onDrain = () => this.#resume();
    this.#active = {
      publisher: this.#publisher,
      health: watch,
      cut: (refusal) => this.cut(refusal),
      end: (patienceMs) => this.#endAtKeyframe(patienceMs),
      askToReconnect: () => this.#askToReconnect(),
    };
    publishes.begin(this.#active, this.peer);
    this.#socket?.carryMedia(true);
    this.#deadlines.publishing();
    const what = claim.standby === true ? 'encoder waits' : 'publish started';
    this.#logger.info({ ...claimIds(claim), epoch: claim.epoch, resumed }, what);
  }

  /** One for each publish: what one stream has let go never goes to another. */
  #openMemory(): MediaMemory | undefined {
    const { spareBytes } = this.#context.settings;
    return spareBytes === 0 ? undefined : new MediaMemory(spareBytes);
  }

  #openPublisher(decision: Granted): LivePublisher | undefined {
    const { ingest } = this.#context;
    const { claim } = decision;
    try {
      return ingest.publishes.open(decision, this.#memory);
    } catch (error) {
      this.#logger.error({ err: error, ...claimIds(claim) }, 'the frame bus did not accept the publisher');
      ingest.publishes.release(claim);
      this.cut('unavailable');
      return undefined;
    }
  }

  /** The publish is over because the edge is: the session is not, and the encoder is told to come again. */
  #endAtKeyframe(patienceMs: number): void {
    const { code, description } = refusalStatus('draining');
    const end = (): void => this.#dismiss(DRAINED, code, description);
    if (patienceMs === 0) return end();
    this.#ending = setTimeout(end, patienceMs);
    this.#toFrames?.atKeyframe(end);
  }

  #askToReconnect(): boolean {
    if (!this.#reconnectSupported) return false;
    this.#askedToLeave = true;
    this.#session.sendReconnectRequest(this.#context.settings.reconnectUrl, PUBLISH_REFUSALS.draining);
    return true;
  }

  #limit(reason: ConnectionLimitReason): void {
    const { code, description } = refusalStatus('limit_exceeded', `limit exceeded: ${CONNECTION_LIMITS[reason]}`);
    this.#dismiss(reason, code, description);
  }

  #dismiss(reason: string, code: string, description: string): void {
    if (this.handshakeDone) {
      this.#closing(reason, () => this.#session.dismiss(code, description));
      return;
    }
    // Before the end of the handshake the peer cannot be told.
    this.#end(reason);
    this.#socket?.destroy();
  }

  /** Runs what may end the session; the reason for the end is this one, not the session's own code for it. */
  #closing(reason: string, endSession: () => void): void {
    if (this.#closeReason !== undefined) return;
    this.#intendedReason = reason;
    endSession();
    this.#intendedReason = undefined;
  }

  /** Nothing is taken from the client any more. Idempotent: the first reason counts. */
  #end(reason: string): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = this.#intendedReason ?? reason;
    this.#session.end();
    this.#context.ingest.earlyMedia.remove(this);
    this.#tellHeldBytes();
    this.#deadlines.clear();
    this.#stopPublishing(this.#closeReason, false);
    this.#stopPlaying();
  }

  #stopPublishing(reason: string, unpublished: boolean): void {
    const active = this.#active;
    if (!active) return;
    const encoder = this.#toFrames?.metadata?.encoder;
    active.publisher.counts.receivedBytes = this.bytesReceived - this.#countedBytes;
    this.#countedBytes = this.bytesReceived;
    this.#active = undefined;
    this.#publisher = undefined;
    this.#toFrames = undefined;
    this.#session.media = undefined;
    this.#session.mediaMemory = undefined;
    this.#memory?.close();
    this.#memory = undefined;
    this.#socket?.carryMedia(false);
    this.#watch?.stop();
    clearTimeout(this.#ending);
    // Who was asked to go and goes has not failed, and is not done either.
    const why = this.#askedToLeave && (unpublished || reason === 'client_closed') ? DRAINED : reason;
    this.#context.ingest.publishes.finish(active, this.peer, why, unpublished);
    const { claim, counts } = active.publisher;
    this.#logger.info(publishSummary(claim, counts, why, encoder), 'publish ended');
  }

  #pause(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket?.resume();
  }
}
