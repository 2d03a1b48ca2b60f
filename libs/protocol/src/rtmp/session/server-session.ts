// RTMP 1.0, the server's side of a connection, without the connection: bytes in, events and bytes out.
import { ProtocolError } from '../../bytes/index.ts';
import { formatAdobeChallenge, formatAdobeFailure } from '../address/adobe-login.ts';
import type { AdobeChallenge } from '../address/adobe-login.ts';
import { ChunkDecoder } from '../chunk/chunk-decoder.ts';
import type { MediaMemory } from '../chunk/media-memory.ts';
import type { MessageHandler } from '../chunk/message-handler.ts';
import { handshakeEnvironment } from '../handshake/handshake-environment.ts';
import { ServerHandshake } from '../handshake/server-handshake.ts';
import { amfBody } from '../message/amf-body.ts';
import { decodeCommand } from '../message/command.ts';
import { MessageType } from '../message/message-type.ts';
import { Acknowledger } from './acknowledger.ts';
import type { ConnectInfo } from './connect-info.ts';
import { ControlResponder } from './control-responder.ts';
import { MediaIntake } from './media-intake.ts';
import type { MediaHandler } from './media-intake.ts';
import { MessageSender } from './message-sender.ts';
import { MessageStreams } from './message-streams.ts';
import { PlayerSender } from './player-sender.ts';
import type {
  LoginRequest,
  PlayRequest,
  PublishRequest,
  Receives,
  ServerSessionHandler,
} from './server-session-handler.ts';
import type { ServerSessionOptions } from './server-session-options.ts';
import { awaitingConnect } from './states/awaiting-connect.ts';
import { connected } from './states/connected.ts';
import { Deciding } from './states/deciding.ts';
import { Playing } from './states/playing.ts';
import { Publishing } from './states/publishing.ts';
import { refuseLogin, refuseStream } from './states/answers.ts';
import { LoggingIn } from './states/logging-in.ts';
import type { SessionContext, SessionState } from './states/session-state.ts';
import { StatusCode, onStatusCommand, statusInfo } from './status.ts';
import type { Status } from './status.ts';
import { TokenBucket } from '../../rate/token-bucket.ts';

/** How many messages a session has read and not passed on. */
export interface IgnoredMessages {
  /** Audio, video and aggregates: not publishing, nothing that takes them, another message stream, empty. */
  readonly media: number;
  /** Data messages: as above, above the rate, above the size, or no AMF. */
  readonly data: number;
  /** Control messages that are broken, unknown or above the rate. */
  readonly control: number;
  /** Types without a use here: shared objects, unknown ones. */
  readonly other: number;
}

/**
 * One RTMP connection seen from the server. Feed it what the socket reads (`push`), write what it `send`s. It never throws
 * for what a peer sends: it answers where RTMP has an answer, and calls `onClosed` once.
 *
 * Time limits are the owner's: who is not `active` some seconds after connecting, or has `bytesBeforeActive` above some
 * limit, ought to be cut.
 */
export class RtmpServerSession implements MessageHandler, SessionContext {
  readonly options: ServerSessionOptions;
  readonly handler: ServerSessionHandler;
  readonly sender: MessageSender;
  readonly streams: MessageStreams;
  fcPublish = false;
  receives: Receives = { audio: true, video: true };

  readonly #handshake: ServerHandshake;
  readonly #decoder: ChunkDecoder;
  readonly #acknowledger: Acknowledger;
  readonly #control: ControlResponder;
  readonly #commandRate: TokenBucket;
  readonly #intake: MediaIntake;
  #state: SessionState = awaitingConnect;
  #info: ConnectInfo | undefined = undefined;
  #closed = false;
  /** What came behind a request that is not decided yet. */
  #held: Buffer[] = [];
  /** Bytes of it: the owner stops reading, or ends the session, before they are many. They do not count as `bytesBeforeActive`. */
  heldBytes = 0;
  #beforeActive = 0;
  /** How much may still come of the stream that ended last. */
  #inFlight = 0;
  #ignoredControl = 0;
  #ignoredOther = 0;

  constructor(handler: ServerSessionHandler, options: ServerSessionOptions) {
    const { limits, now } = options;
    this.options = options;
    this.handler = handler;
    const send = (bytes: Buffer): void => handler.send(bytes);
    this.sender = new MessageSender(send);
    this.streams = new MessageStreams(limits.maxStreams);
    this.#handshake = new ServerHandshake(send, handshakeEnvironment(now));
    this.#acknowledger = new Acknowledger(this.sender, limits.minAcknowledgementBytes);
    this.#control = new ControlResponder(
      this.sender,
      this.#acknowledger,
      new TokenBucket(limits.controlReplies.perSecond, limits.controlReplies.burst, now),
      options.windowAcknowledgementSize,
    );
    this.#commandRate = new TokenBucket(limits.commands.perSecond, limits.commands.burst, now);
    const dataRate = new TokenBucket(limits.dataMessages.perSecond, limits.dataMessages.burst, now);
    this.#intake = new MediaIntake(this, limits.amf, dataRate);
    this.#decoder = new ChunkDecoder(this.#intake);
    this.#limitMessages(awaitingConnect);
  }

  /** Where the media of what is published goes: straight from the message to its taker. None: it is dropped. */
  set media(handler: MediaHandler | undefined) {
    this.#intake.handler = handler;
  }

  /** Where media lies that is received from now on: what takes it says what becomes of it. None: in memory that is used once. */
  set mediaMemory(memory: MediaMemory | undefined) {
    this.#decoder.mediaMemory = memory;
  }

  /** The state of the session. */
  get stateName(): SessionState['name'] | 'handshake' | 'closed' {
    if (this.#closed) return 'closed';
    return this.#handshake.done ? this.#state.name : 'handshake';
  }

  /** Whether the handshake is over: that stays so when the session ends. */
  get handshakeDone(): boolean {
    return this.#handshake.done;
  }

  /** Whether the client publishes or plays. */
  get active(): boolean {
    return this.#state.active;
  }

  /**
   * Bytes received since the session began, or since it was last active, while it was not active. Up to `maxBytesInFlight` of
   * those that follow the end of a stream do not count: an encoder says that it is done while media is still on its way.
   */
  get bytesBeforeActive(): number {
    return this.#beforeActive;
  }

  /** Bytes received so far. */
  get bytesReceived(): number {
    return this.#acknowledger.received;
  }

  get ignored(): IgnoredMessages {
    const { ignoredMedia, ignoredData } = this.#intake;
    return { media: ignoredMedia, data: ignoredData, control: this.#ignoredControl, other: this.#ignoredOther };
  }

  /**
   * Takes the next bytes of the connection; after the end of the session they are ignored.
   * @param input read during the call only: the caller may reuse it afterwards.
   */
  push(input: Buffer): void {
    if (this.#closed) return;
    this.#acknowledger.received += input.length;
    const wasActive = this.#state.active;
    const heldBefore = this.heldBytes;
    this.#take(input);
    if (!wasActive) this.#countBeforeActive(input.length - (this.heldBytes - heldBefore));
  }

  /** Goes on with what came while the owner decided. To be called once it is ready for media. */
  resumeInput(): void {
    const held = this.#held;
    this.#held = [];
    this.heldBytes = 0;
    for (const input of held) this.#take(input);
  }

  #take(input: Buffer): void {
    try {
      let at = this.#handshake.done ? 0 : this.#handshake.push(input);
      while (at < input.length && !this.#closed) {
        if (this.#state instanceof Deciding) {
          // Many encoders do not wait for the answer: their headers come with the question.
          this.#held.push(Buffer.from(input.subarray(at)));
          this.heldBytes += input.length - at;
          break;
        }
        at += this.#decoder.push(at === 0 ? input : input.subarray(at));
      }
      if (!this.#closed && this.#handshake.done) this.#acknowledger.acknowledge();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close(error.code, `${error.place}: ${error.detail}`);
    }
  }

  /** Ends the session because the connection is gone. Nothing is called back any more. */
  end(): void {
    this.#closed = true;
    this.#held = [];
    this.heldBytes = 0;
    this.#intake.messageStreamId = -1;
    this.#decoder.stop();
    this.#state.leave?.();
  }

  /** Lets the client publish. False when the request is no longer open: taken back, decided, or the session over. */
  acceptPublish(request: PublishRequest): boolean {
    if (!this.#isOpen(request)) return false;
    const publishing = new Publishing(request);
    this.transition(publishing);
    publishing.announce(this);
    return true;
  }

  /** Lets the client play, and returns what to send to it with. Undefined when the request is no longer open. */
  acceptPlay(request: PlayRequest): PlayerSender | undefined {
    if (!this.#isOpen(request)) return undefined;
    const playing = new Playing(request, new PlayerSender(this.sender, request.messageStreamId));
    this.transition(playing);
    playing.announce(this);
    return playing.player;
  }

  /**
   * Refuses with an error status and ends the session. False when the request is no longer open.
   * @param code for instance `NetStream.Publish.BadName`, which is what encoders know how to show.
   * @param description says why, for the person at the encoder.
   */
  refuse(request: PublishRequest | PlayRequest, code: string, description: string): boolean {
    if (!this.#isOpen(request)) return false;
    refuseStream(this, request.messageStreamId, code, description);
    return true;
  }

  /** Answers a client that wants to log in, which ends the session: it connects again. False when the session is over. */
  challengeLogin(request: LoginRequest, { salt, opaque }: Omit<AdobeChallenge, 'user'>): boolean {
    return this.#endLogin(request, formatAdobeChallenge({ user: request.user, salt, opaque }));
  }

  /** Tells a client that it cannot log in, and ends the session. False when the session is over. */
  refuseLogin(request: LoginRequest): boolean {
    return this.#endLogin(request, formatAdobeFailure('authfailed'));
  }

  #endLogin(request: LoginRequest, description: string): boolean {
    const state = this.#state;
    if (this.#closed || !(state instanceof LoggingIn) || state.request !== request) return false;
    refuseLogin(this, state.transactionId, description);
    return true;
  }

  /** Ends the session from the server's side at any time, with an error status that says why. */
  dismiss(code: string, description: string): void {
    if (this.#closed) return;
    refuseStream(this, this.#messageStreamId, code, description);
  }

  /** Tells a player that its stream has no media for now, or has it again: the session goes on. */
  sendStreamEvent(event: 'streamDry' | 'streamBegin'): void {
    if (!this.#closed && this.#state instanceof Playing) this.#state.player.sendStreamEvent(event);
  }

  /** Ends a player in good order and the session with it: the media is over, and what was sent before still arrives. */
  endPlay(isUnpublished: boolean, description: string): void {
    if (this.#closed || !(this.#state instanceof Playing)) return;
    const { messageStreamId } = this.#state.request;
    this.#state.player.sendStreamEvent('streamEof');
    const codes = isUnpublished ? [StatusCode.playUnpublishNotify, StatusCode.playStop] : [StatusCode.playStop];
    for (const code of codes)
      this.sender.command(onStatusCommand(statusInfo('status', code, description)), messageStreamId);
    this.close('rtmp.session.play-ended', 'the stream is over for this player');
  }

  /**
   * Asks the client to connect anew, elsewhere or to the same address (Enhanced RTMP v2, ReconnectRequest). Only for clients
   * with `reconnectSupported`; others ignore it. The session goes on until the client leaves.
   * @param tcUrl where to; absolute, or relative to the client's own. Undefined for the same address.
   */
  sendReconnectRequest(tcUrl: string | undefined, description: string): void {
    if (this.#closed || this.#info === undefined) return;
    const info = statusInfo('status', StatusCode.connectReconnectRequest, description);
    this.sender.command(onStatusCommand(tcUrl === undefined ? info : { ...info, tcUrl }));
  }

  /** Tells the client something about the stream it publishes or plays. */
  sendStatus({ level, code, description }: Status): void {
    if (this.#closed) return;
    this.sender.command(onStatusCommand(statusInfo(level, code, description)), this.#messageStreamId);
  }

  /** The message stream that is asked for, published or played; 0, the connection itself, without one. */
  get #messageStreamId(): number {
    const state = this.#state;
    const has = state instanceof Deciding || state instanceof Publishing || state instanceof Playing;
    return has ? state.request.messageStreamId : 0;
  }

  #isOpen(request: PublishRequest | PlayRequest): boolean {
    return !this.#closed && this.#state instanceof Deciding && this.#state.request === request;
  }

  /** Takes what is no media. */
  onMessage(type: number, messageStreamId: number, _timestamp: number, payload: Buffer): void {
    switch (type) {
      case MessageType.commandAmf0:
      case MessageType.commandAmf3:
        this.#command(type, messageStreamId, payload);
        return;
      case MessageType.acknowledgement:
      case MessageType.userControl:
      case MessageType.windowAcknowledgementSize:
      case MessageType.setPeerBandwidth:
        if (!this.#control.message(type, payload)) this.#ignoredControl += 1;
        return;
      default:
        this.#ignoredOther += 1;
    }
  }

  #command(type: number, messageStreamId: number, payload: Buffer): void {
    if (!this.#commandRate.take()) {
      this.close('rtmp.session.too-many-commands', 'more commands than any client needs');
      return;
    }
    const command = decodeCommand(amfBody(type, payload), this.options.limits.amf);
    this.#state.command(this, command, messageStreamId);
  }

  transition(state: SessionState): void {
    if (this.#state.active && !state.active) {
      this.#beforeActive = 0;
      this.#inFlight = this.options.limits.maxBytesInFlight;
    }
    this.#state.leave?.();
    this.#state = state;
    if (state instanceof Deciding) this.#decoder.pause();
    this.#intake.messageStreamId = state.mediaStreamId;
    this.#limitMessages(state);
  }

  idle(): void {
    this.transition(connected);
  }

  #countBeforeActive(bytes: number): void {
    const late = Math.min(bytes, this.#inFlight);
    this.#beforeActive += bytes - late;
    if (late === 0) return;
    this.#inFlight -= late;
    if (this.#inFlight === 0) this.#limitMessages(this.#state);
  }

  #limitMessages(state: SessionState): void {
    const { chunks, maxMessageBytesBeforeActive } = this.options.limits;
    const maxMessageBytes =
      state.active || this.#inFlight > 0
        ? chunks.maxMessageBytes
        : Math.min(chunks.maxMessageBytes, maxMessageBytesBeforeActive);
    this.#decoder.limits = { ...chunks, maxMessageBytes };
  }

  connected(info: ConnectInfo): void {
    this.#info = info;
    this.handler.onConnect(info);
  }

  connectInfo(): ConnectInfo {
    if (this.#info === undefined) throw new Error('requested connect before connect');
    return this.#info;
  }

  close(code: string, detail: string): void {
    if (this.#closed) return;
    this.end();
    this.handler.onClosed({ code, detail });
  }
}
