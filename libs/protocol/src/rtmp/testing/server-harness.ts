import { encodeAmf0 } from '../../amf0/index.ts';
import type { AmfValue } from '../../amf0/index.ts';
import { ChunkDecoder } from '../chunk/chunk-decoder.ts';
import { ChunkEncoder } from '../chunk/chunk-encoder.ts';
import type { OutgoingMessage } from '../chunk/chunk-encoder.ts';
import { amfBody } from '../message/amf-body.ts';
import { decodeCommand } from '../message/command.ts';
import type { Command } from '../message/command.ts';
import { decodeUserControl } from '../message/user-control.ts';
import type { MediaHandler } from '../session/media-intake.ts';
import { RtmpServerSession } from '../session/server-session.ts';
import type {
  LoginRequest,
  PlayRequest,
  PublishRequest,
  ServerSessionHandler,
  SessionClose,
} from '../session/server-session-handler.ts';
import { serverSessionOptions } from '../session/server-session-options.ts';
import type { ServerSessionOptions } from '../session/server-session-options.ts';
import { record } from '../../testing/amf-record.ts';

/** What a session told its owner, as text. */
type SessionEvent = readonly [name: string, ...details: unknown[]];

/**
 * A server session with a client that does just what a test says, message by message. For tests.
 * The clock stands still unless `now` is set.
 */
export class ServerHarness {
  now = 1_000_000;
  readonly events: SessionEvent[] = [];
  /** What the session sent behind the handshake. */
  readonly answers: { readonly type: number; readonly stream: number; readonly payload: Buffer }[] = [];
  readonly logins: LoginRequest[] = [];
  readonly requests: (PublishRequest | PlayRequest)[] = [];
  closed: SessionClose | undefined = undefined;
  /** Tests replace what they want to happen. */
  readonly handler = this.#createHandler();
  readonly session: RtmpServerSession;
  readonly #client = new ChunkEncoder();
  readonly #answerDecoder = new ChunkDecoder({
    onMessage: (type, stream, _timestamp, payload) => void this.answers.push({ type, stream, payload }),
  });
  #handshakeBytes = 1 + 2 * 1536;

  constructor(overrides: Partial<Omit<ServerSessionOptions, 'now'>> = {}) {
    this.session = new RtmpServerSession(
      this.handler,
      serverSessionOptions(() => this.now, overrides),
    );
    this.session.media = this.handler;
  }

  #createHandler(): ServerSessionHandler & MediaHandler {
    return {
      send: (bytes) => this.#receive(bytes),
      onConnect: (info) => void this.events.push(['connect', info.app]),
      onLoginRequest: (request) => {
        this.events.push(['login-request', request.user]);
        this.logins.push(request);
      },
      onPublishRequest: (request) => {
        this.events.push(['publish-request', request.streamName]);
        this.requests.push(request);
      },
      onPlayRequest: (request) => {
        this.events.push(['play-request', request.streamName]);
        this.requests.push(request);
      },
      onPlayerCommand: (command) => void this.events.push(['player-command', command]),
      onAudio: (timestamp, payload) => void this.events.push(['audio', timestamp, payload.toString('hex')]),
      onVideo: (timestamp, payload) => void this.events.push(['video', timestamp, payload.toString('hex')]),
      onData: (timestamp, data) => void this.events.push(['data', timestamp, data.name, ...data.values]),
      onStopped: (reason) => void this.events.push(['stopped', reason]),
      onClosed: (reason) => {
        this.events.push(['closed', reason.code]);
        this.closed = reason;
      },
    };
  }

  #receive(bytes: Buffer): void {
    const skipped = Math.min(this.#handshakeBytes, bytes.length);
    this.#handshakeBytes -= skipped;
    this.#answerDecoder.push(bytes.subarray(skipped));
  }

  /** C0, C1 and C2, all zeros. */
  handshake(): this {
    this.session.push(Buffer.concat([Buffer.of(3), Buffer.alloc(2 * 1536)]));
    return this;
  }

  /** One message of the client, in one read. */
  message(message: Partial<OutgoingMessage> & Pick<OutgoingMessage, 'type'>): this {
    const defaults = { messageStreamId: 0, timestamp: 0, chunkStreamId: 3, payload: Buffer.alloc(0) };
    this.session.push(this.#client.encode({ ...defaults, ...message }));
    return this;
  }

  /** A command of the client. */
  command(name: string, transactionId: number, args: readonly AmfValue[], messageStreamId = 0): this {
    return this.message({ type: 20, messageStreamId, payload: encodeAmf0(name, transactionId, ...args) });
  }

  /** Handshake, connect, createStream: what every publisher begins with. */
  connected(object: Readonly<Record<string, AmfValue>> = { app: 'live', tcUrl: 'rtmp://host/live' }): this {
    return this.handshake()
      .command('connect', 1, [record(object)])
      .command('createStream', 2, [null]);
  }

  /** As `connected`, then publish, accepted. */
  publishing(streamName = 'key'): this {
    this.connected().command('publish', 3, [null, streamName, 'live'], 1);
    this.session.acceptPublish(this.request('publish'));
    return this;
  }

  /** The last request of a kind. */
  request<K extends 'publish' | 'play'>(kind: K): Extract<PublishRequest | PlayRequest, { kind: K }> {
    const request = this.requests.at(-1);
    if (request?.kind !== kind) throw new Error(`no ${kind} was requested`);
    return request as Extract<PublishRequest | PlayRequest, { kind: K }>;
  }

  /** The commands the session sent so far. */
  get commands(): readonly (Command & { readonly stream: number })[] {
    return this.answers
      .filter(({ type }) => type === 20)
      .map(({ type, stream, payload }) => ({ ...decodeCommand(amfBody(type, payload)), stream }));
  }

  /** The codes of the statuses the session sent so far, with their message streams. */
  get statuses(): readonly (readonly [code: unknown, stream: number])[] {
    return this.commands
      .filter(({ name }) => name === 'onStatus')
      .map(({ args, stream }) => [(args[0] as { code?: unknown } | undefined)?.code, stream]);
  }

  /** The user control events the session sent so far. */
  get userControls(): readonly string[] {
    return this.answers.filter(({ type }) => type === 4).map(({ payload }) => decodeUserControl(payload).event);
  }

  /** The names of the events so far. */
  get eventNames(): readonly string[] {
    return this.events.map(([name]) => name);
  }
}
