// One RTSP connection: its bytes, the order of its requests, its deadlines, and what it is for.
import { randomBytes } from 'node:crypto';
import type { ConnectionState, EncoderPeer } from '@millrace/ingest';
import { ProtocolError } from '@millrace/protocol/bytes';
import {
  formatRtspResponse,
  parseRtspUrl,
  readCSeq,
  readSessionId,
  RtspReader,
  RtspStatus,
} from '@millrace/protocol/rtsp';
import type { RtspItem, RtspRequest } from '@millrace/protocol/rtsp';
import { peerAddress } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import type { TransportPeer } from '../udp/chosen-transport.ts';
import { RecordingSession } from '../ingest/recording-session.ts';
import type { RtspEdgeContext } from '../channel/rtsp-edge-context.ts';
import { reply } from '../channel/rtsp-reply.ts';
import type { RtspReply } from '../channel/rtsp-reply.ts';
import type { RtspChannel, RtspSession } from '../channel/rtsp-session.ts';
import { isPlayAddress, PLAY_APP } from '../play/play-target.ts';
import type { RtspPlayback } from '../play/rtsp-playback.ts';
import type { ClientStream } from './client-stream.ts';
import { HttpTunnel } from './http-tunnel.ts';

/** 128 random bits: a session is of one connection, and its id opens nothing on another (RFC 2326 section 16.7). */
const SESSION_ID_BYTES = 16;
/** Named in each Session header; the connection itself shows whether a client is there. */
const SESSION_TIMEOUT_S = 60;
/** Silence is measured in this many steps. */
const IDLE_STEPS = 4;
export const SERVER = 'Millrace';
/** Why a connection ends whose encoder says that it is done. */
const UNPUBLISHED = 'unpublished';
const METHODS = 'OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER';

export class RtspConnection implements RtspChannel {
  readonly peer: EncoderPeer;
  readonly logger: Logger;
  /** Called once, when the stream is gone. */
  onGone: (() => void) | undefined;
  readonly #context: RtspEdgeContext;
  readonly #playback: RtspPlayback;
  readonly #stream: ClientStream;
  readonly #reader: RtspReader;
  readonly #sessionId = randomBytes(SESSION_ID_BYTES).toString('hex');
  #session: RtspSession | undefined;
  #isDeciding = false;
  #closeReason: string | undefined;
  /** Aborted when the client is gone. */
  readonly #left = new AbortController();
  /** What is left of the time that a client has until media flows; what the server takes to decide does not count. */
  #setupLeftMs: number;
  #setupSinceMs = 0;
  #setup: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lingering: NodeJS.Timeout | undefined;

  /** @param acceptedAtMs since when the client is connected */
  constructor(
    peer: EncoderPeer,
    stream: ClientStream,
    context: RtspEdgeContext,
    playback: RtspPlayback,
    acceptedAtMs: number,
  ) {
    this.peer = peer;
    this.logger = context.logger.child({ peer: peer.address, protocol: peer.protocol });
    this.#context = context;
    this.#playback = playback;
    this.#stream = stream;
    const { rtspMaxHeadBytes: maxHeadBytes, rtspMaxBodyBytes: maxBodyBytes, rtspSetupMs } = context.settings;
    this.#reader = new RtspReader({ maxHeadBytes, maxBodyBytes, maxHeaders: MAX_HEADERS });
    this.#setupLeftMs = rtspSetupMs - (performance.now() - acceptedAtMs);
    this.#awaitSetup();
    let failure: Error | undefined;
    stream.on('error', (error) => void (failure = error));
    stream.on('data', (bytes) => this.read(bytes));
    stream.on('drain', () => this.#session?.drained?.());
    stream.on('close', () => this.#gone(failure));
  }

  get state(): ConnectionState {
    if (this.#closeReason !== undefined) return 'closing';
    if (this.#session?.isActive !== true) return 'waiting';
    return this.#session.direction === 'play' ? 'playing' : 'publishing';
  }

  get bytesReceived(): number {
    return this.#stream.bytesRead + (this.#session?.datagramBytes ?? 0);
  }

  get transportPeer(): TransportPeer {
    const { address, network, protocol } = this.peer;
    const localAddress = peerAddress(this.#stream.localAddress);
    // Media beside an encrypted connection would be in the clear; where RTSP goes through HTTP, datagrams do not pass.
    const isUdpOffered = protocol === 'rtsp' && !(this.#stream instanceof HttpTunnel);
    return { address, network, localAddress, udp: isUdpOffered ? this.#context.udp : undefined };
  }

  get unsentBytes(): number {
    return this.#stream.writableLength;
  }

  send(bytes: Buffer): void {
    if (!this.#stream.writable) return;
    this.#stream.write(bytes);
    const { rtspMaxUnsentBytes, playoutQueueBytes } = this.#context.settings;
    // Media waits as well, within bounds of its own.
    const most = rtspMaxUnsentBytes + (this.#session?.direction === 'play' ? playoutQueueBytes : 0);
    if (this.#stream.writableLength > most) this.destroy('unsent_limit');
  }

  write(bytes: Uint8Array): boolean {
    return this.#stream.writable ? this.#stream.write(bytes) : true;
  }

  destroy(reason: string): void {
    this.#over(reason, false);
    this.#stream.destroy();
  }

  resume(): void {
    if (this.#closeReason !== undefined) return;
    this.#drainInput();
    if (!this.#isDeciding && this.#session?.accepting !== false) this.#stream.resume();
  }

  /** The edge stops. */
  drain(): void {
    this.end('draining');
  }

  /** What was answered is sent; then the client has a moment to read it. Idempotent: the first reason counts. */
  end(reason: string, isAnnounced = false): void {
    if (this.#closeReason !== undefined) return;
    this.#over(reason, isAnnounced);
    this.#stream.end();
    // Read and dropped, since the end of the client's side is noticed only while reading.
    this.#stream.resume();
    this.#lingering = setTimeout(() => this.#stream.destroy(), this.#context.settings.rtspCloseMs);
  }

  /** Takes what has come: also what was read before this was made. */
  read(bytes: Buffer): void {
    if (this.#closeReason !== undefined) return;
    this.#reader.push(bytes);
    this.#drainInput();
  }

  /** What has come while a request is decided waits: at most what was read with it, since nothing is read meanwhile. */
  #drainInput(): void {
    while (!this.#isDeciding && this.#closeReason === undefined && this.#session?.accepting !== false) {
      const item = this.#next();
      if (item === undefined) break;
      if (item.kind === 'frame') this.#session?.onFrame(item.channel, item.packet);
      else if (item.kind === 'request') this.#request(item.request);
    }
    if (this.#closeReason !== undefined) return;
    if (this.#isDeciding || this.#session?.accepting === false) this.#stream.pause();
    const { rtspSetupBytes } = this.#context.settings;
    if (this.#session?.isActive !== true && this.#stream.bytesRead > rtspSetupBytes) this.end('setup_bytes');
  }

  #next(): RtspItem | undefined {
    try {
      return this.#reader.next();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.logger.debug({ code: error.code, place: error.place, detail: error.detail }, 'malformed request');
      const status = STATUS_OF_ERROR[error.code] ?? RtspStatus.badRequest;
      this.send(formatRtspResponse({ status, reason: error.detail, cSeq: undefined }));
      this.end('malformed');
      return undefined;
    }
  }

  #request(request: RtspRequest): void {
    const cSeq = readCSeq(request.headers);
    if (cSeq === undefined) return this.#answer(undefined, reply(RtspStatus.badRequest, 'no CSeq that is a number'));
    const sessionId = readSessionId(request.headers);
    // Also the session of another connection: what it is of is not looked for.
    if (sessionId !== undefined && sessionId !== this.#sessionId)
      return this.#answer(cSeq, reply(RtspStatus.sessionNotFound));
    const decided = this.#handle(request);
    if (!(decided instanceof Promise)) return this.#answer(cSeq, decided);
    this.#isDeciding = true;
    this.#stopSetup();
    void decided
      .catch((error: unknown) => {
        this.logger.error({ err: error }, 'could not decide on a request');
        return reply(RtspStatus.unavailable);
      })
      .then((answer) => {
        this.#isDeciding = false;
        this.#awaitSetup();
        this.#answer(cSeq, answer);
        this.resume();
      });
  }

  #handle(request: RtspRequest): RtspReply | Promise<RtspReply> {
    if (request.method === 'OPTIONS') return { status: RtspStatus.ok, headers: [['Public', METHODS]] };
    const required = request.headers.get('require');
    // RFC 2326 section 12.32: what a client requires and a server does not know is refused by name.
    if (required !== undefined)
      return {
        status: RtspStatus.optionNotSupported,
        headers: [['Unsupported', required.replaceAll(/[^\w.,: -]/g, '')]],
      };
    if (request.method === 'ANNOUNCE') return this.#announce(request);
    if (this.#session === undefined && OPENS_PLAY.has(request.method)) return this.#openPlay(request);
    if (!KNOWN.has(request.method)) return { status: RtspStatus.notImplemented, headers: [['Public', METHODS]] };
    // A client asks for nothing in particular when it only wants to show that it is there (section 10.8).
    if (request.method === 'GET_PARAMETER') return reply(RtspStatus.ok);
    if (request.method === 'SET_PARAMETER')
      return reply(request.body.length === 0 ? RtspStatus.ok : RtspStatus.forbidden);
    if (request.method === 'TEARDOWN')
      return {
        ...reply(RtspStatus.ok),
        thenClose: this.#session?.direction === 'play' ? 'client_closed' : UNPUBLISHED,
      };
    if (this.#session === undefined) return reply(RtspStatus.methodNotValidInThisState);
    return this.#handleWith(this.#session, request);
  }

  #handleWith(session: RtspSession, request: RtspRequest): RtspReply | Promise<RtspReply> {
    const wasActive = session.isActive;
    const answer = session.handle(request);
    if (!wasActive && session.isActive) this.#watchSilence(session);
    return answer;
  }

  /** A player may know already how a stream is described: then it begins with SETUP. */
  async #openPlay(request: RtspRequest): Promise<RtspReply> {
    const url = parseRtspUrl(request.uri);
    if (url === undefined) return reply(RtspStatus.badRequest, 'not an address of RTSP');
    if (!isPlayAddress(url))
      return request.method === 'SETUP'
        ? reply(RtspStatus.methodNotValidInThisState)
        : reply(RtspStatus.notFound, `play from /${PLAY_APP}/ and a playback id`);
    const opened = await this.#playback.open(request, url, this, this.#left.signal);
    if (!('session' in opened)) return opened;
    this.#session = opened.session;
    if (this.#closeReason === undefined) return this.#handleWith(opened.session, request);
    opened.session.close(this.#closeReason);
    return reply(RtspStatus.ok);
  }

  #announce(request: RtspRequest): RtspReply | Promise<RtspReply> {
    if (this.#session !== undefined) return reply(RtspStatus.methodNotValidInThisState);
    const url = parseRtspUrl(request.uri);
    if (url === undefined) return reply(RtspStatus.badRequest, 'not an address of RTSP');
    return RecordingSession.open(request, url, this, this.#context).then((opened) => {
      if (!('session' in opened)) return opened;
      // Meanwhile the client may have left.
      if (this.#closeReason === undefined) this.#session = opened.session;
      else opened.session.close(this.#closeReason, false);
      return reply(RtspStatus.ok);
    });
  }

  #answer(cSeq: number | undefined, { thenClose, thenSend, headers = [], ...answer }: RtspReply): void {
    if (this.#closeReason !== undefined) return;
    const session: (readonly [string, string])[] =
      this.#session?.isIdentified === true ? [['Session', `${this.#sessionId};timeout=${SESSION_TIMEOUT_S}`]] : [];
    this.send(formatRtspResponse({ ...answer, cSeq, headers: [['Server', SERVER], ...session, ...headers] }));
    thenSend?.();
    if (thenClose !== undefined) this.end(thenClose, thenClose === UNPUBLISHED);
  }

  /** Until media flows, a client has so much time. */
  #awaitSetup(): void {
    if (this.#session?.isActive === true || this.#closeReason !== undefined) return;
    this.#setupSinceMs = performance.now();
    this.#setup = setTimeout(() => this.end('setup_timeout'), Math.max(0, this.#setupLeftMs));
  }

  #stopSetup(): void {
    clearTimeout(this.#setup);
    this.#setupLeftMs -= performance.now() - this.#setupSinceMs;
  }

  /** From now on media has to come, or, over UDP, signs that the player is there: TCP tells by itself. */
  #watchSilence({ direction, datagramBytes }: RtspSession): void {
    clearTimeout(this.#setup);
    const { rtspIdleMs, rtspUdpSilenceMs } = this.#context.settings;
    if (direction === 'play' && datagramBytes === undefined) return;
    const silenceMs = direction === 'play' ? rtspUdpSilenceMs : rtspIdleMs;
    let received = this.bytesReceived;
    let quietSteps = 0;
    this.#idle = setInterval(() => {
      const isQuiet = this.bytesReceived === received && !this.#stream.isPaused();
      received = this.bytesReceived;
      quietSteps = isQuiet ? quietSteps + 1 : 0;
      if (quietSteps >= IDLE_STEPS) this.end('idle_timeout');
    }, silenceMs / IDLE_STEPS);
  }

  #over(reason: string, isAnnounced: boolean): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = reason;
    this.#left.abort();
    clearTimeout(this.#setup);
    clearInterval(this.#idle);
    this.#session?.close(reason, isAnnounced);
  }

  #gone(error: Error | undefined): void {
    this.#over(error ? 'stream_error' : 'client_closed', false);
    clearTimeout(this.#lingering);
    const reason = this.#closeReason ?? 'client_closed';
    this.#context.metrics.disconnects.inc({ reason });
    this.logger.debug({ reason, bytes: this.bytesReceived }, 'closed');
    this.onGone?.();
  }
}

/** More than a client sends. */
const MAX_HEADERS = 64;
const OPENS_PLAY: ReadonlySet<string> = new Set(['DESCRIBE', 'SETUP']);
const KNOWN: ReadonlySet<string> = new Set(METHODS.split(', '));
const STATUS_OF_ERROR: Readonly<Record<string, RtspStatus>> = {
  'rtsp.too-large': RtspStatus.bodyTooLarge,
  'rtsp.version': RtspStatus.versionNotSupported,
};
