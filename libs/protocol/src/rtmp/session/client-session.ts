// RTMP 1.0, the client's side of a connection, without the connection: for relays, load and tests.
import { ProtocolError } from '../../bytes/index.ts';
import type { AmfValue } from '../../amf3/index.ts';
import { ChunkDecoder } from '../chunk/chunk-decoder.ts';
import type { MessageHandler } from '../chunk/message-handler.ts';
import type { ChunkForm } from '../chunk/chunk-encoder.ts';
import { ClientHandshake } from '../handshake/client-handshake.ts';
import { handshakeEnvironment } from '../handshake/handshake-environment.ts';
import { amfBody } from '../message/amf-body.ts';
import { decodeCommand, encodeCommand } from '../message/command.ts';
import { encodeData } from '../message/data.ts';
import type { DataMessage } from '../message/data.ts';
import { MessageType } from '../message/message-type.ts';
import { Acknowledger } from './acknowledger.ts';
import type { Capabilities } from './capabilities.ts';
import { ClientDialogue } from './client-dialogue.ts';
import type { ClientSessionOptions } from './client-session-options.ts';
import { ControlResponder } from './control-responder.ts';
import { MediaIntake } from './media-intake.ts';
import type { MediaHandler } from './media-intake.ts';
import { ChunkStreamId, MessageSender } from './message-sender.ts';
import type { SessionClose } from './server-session-handler.ts';
import type { Status } from './status.ts';
import { TokenBucket } from '../../rate/token-bucket.ts';

/** What a client session tells its owner: always synchronously, never after `onClosed`. */
export interface ClientSessionHandler extends MediaHandler {
  /** Bytes for the server. The buffer belongs to the receiver. */
  send(bytes: Buffer): void;
  /** The server accepted: media may be sent, or is about to come. */
  onReady(): void;
  /** Every status of the server, those that mean `onReady` or the end included. */
  onStatus(status: Status): void;
  /** The server asks to connect anew; undefined: to the same address. */
  onReconnectRequest(tcUrl: string | undefined, description: string): void;
  /** The session is over: refused by the server, whose words are then in the detail, or broken. Comes once. */
  onClosed(reason: SessionClose): void;
}

/** A server is trusted more than its clients, but not with every byte of memory and time. */
const CONTROL_REPLIES = { burst: 100, perSecond: 100 } as const;
const DATA_MESSAGES = { burst: 1000, perSecond: 1000 } as const;
const MIN_ACKNOWLEDGEMENT_BYTES = 64 * 1024;
const WINDOW = 2_500_000;

/** One RTMP connection seen from the client: `start`, then `push` what the socket reads, until `onReady`; then send. */
export class RtmpClientSession implements MessageHandler {
  /** For what the methods below do not do: other chunk forms, messages chunk by chunk. */
  readonly sender: MessageSender;
  readonly #handler: ClientSessionHandler;
  readonly #options: ClientSessionOptions;
  readonly #handshake: ClientHandshake;
  readonly #decoder: ChunkDecoder;
  readonly #acknowledger: Acknowledger;
  readonly #control: ControlResponder;
  readonly #intake: MediaIntake;
  readonly #dialogue: ClientDialogue;
  #closed = false;

  constructor(handler: ClientSessionHandler, options: ClientSessionOptions) {
    const { now } = options;
    this.#handler = handler;
    this.#options = options;
    const send = (bytes: Buffer): void => handler.send(bytes);
    this.sender = new MessageSender(send);
    this.#handshake = new ClientHandshake(send, handshakeEnvironment(now), { scheme: options.digestScheme });
    this.#decoder = new ChunkDecoder(this, options.chunkLimits);
    this.#acknowledger = new Acknowledger(this.sender, MIN_ACKNOWLEDGEMENT_BYTES);
    const replies = new TokenBucket(CONTROL_REPLIES.perSecond, CONTROL_REPLIES.burst, now);
    this.#control = new ControlResponder(this.sender, this.#acknowledger, replies, WINDOW);
    const dataRate = new TokenBucket(DATA_MESSAGES.perSecond, DATA_MESSAGES.burst, now);
    this.#intake = new MediaIntake(this, options.amfLimits, dataRate);
    this.#intake.handler = handler;
    this.#dialogue = new ClientDialogue(options, {
      command: (name, object, args, messageStreamId) => this.sendCommand(name, object, args, messageStreamId),
      ready: () => this.#ready(),
      status: (status) => handler.onStatus(status),
      reconnectRequest: (tcUrl, description) => handler.onReconnectRequest(tcUrl, description),
      refused: (code, detail) => this.#close(code, detail),
    });
  }

  /** The message stream that the server gave; 0 before. */
  get messageStreamId(): number {
    return this.#dialogue.messageStreamId;
  }

  /** What the server said of itself when it accepted connect; undefined before. */
  get serverCapabilities(): Capabilities | undefined {
    return this.#dialogue.serverCapabilities;
  }

  /** Sends C0 and C1. Everything up to `onReady` follows by itself. */
  start(): void {
    this.#handshake.start();
  }

  /** @param input read during the call only: the caller may reuse it afterwards. */
  push(input: Buffer): void {
    if (this.#closed) return;
    this.#acknowledger.received += input.length;
    try {
      let used = 0;
      if (!this.#handshake.done) {
        used = this.#handshake.push(input);
        if (this.#handshake.done) this.#begin();
      }
      if (used < input.length) this.#decoder.push(used === 0 ? input : input.subarray(used));
      if (!this.#closed && this.#handshake.done) this.#acknowledger.acknowledge();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#close(error.code, error.detail);
    }
  }

  /** @param payload an FLV video tag body, copied. @param timestamp milliseconds, unsigned 32 bits. */
  sendVideo(timestamp: number, payload: Uint8Array, form?: ChunkForm): void {
    this.sender.message(MessageType.video, this.messageStreamId, timestamp, payload, ChunkStreamId.video, form);
  }

  /** @param payload an FLV audio tag body, copied. @param timestamp milliseconds, unsigned 32 bits. */
  sendAudio(timestamp: number, payload: Uint8Array, form?: ChunkForm): void {
    this.sender.message(MessageType.audio, this.messageStreamId, timestamp, payload, ChunkStreamId.audio, form);
  }

  sendData(timestamp: number, data: DataMessage): void {
    const type = this.#isAmf3 ? MessageType.dataAmf3 : MessageType.dataAmf0;
    const body = this.#withSelector(encodeData(data));
    this.sender.message(type, this.messageStreamId, timestamp, body, ChunkStreamId.data);
  }

  /**
   * Sends a command of any kind.
   * @returns its transaction id.
   */
  sendCommand(name: string, object: AmfValue, args: readonly AmfValue[], messageStreamId = 0): number {
    const transactionId = this.#dialogue.nextTransactionId(name);
    const type = this.#isAmf3 ? MessageType.commandAmf3 : MessageType.commandAmf0;
    const body = this.#withSelector(encodeCommand({ name, transactionId, object, args }));
    const chunkStreamId = messageStreamId === 0 ? ChunkStreamId.connection : ChunkStreamId.stream;
    this.sender.message(type, messageStreamId, 0, body, chunkStreamId);
    return transactionId;
  }

  /** Tells the server that this stream is done, as encoders do before they hang up. */
  unpublish(): void {
    if (this.#options.mode === 'publish') this.sendCommand('FCUnpublish', null, [this.#options.streamName]);
    this.sendCommand('deleteStream', null, [this.messageStreamId]);
  }

  /** Ends the session because the connection is gone. Nothing is called back any more. */
  end(): void {
    this.#closed = true;
    this.#intake.messageStreamId = -1;
    this.#decoder.stop();
  }

  onMessage(type: number, stream: number, timestamp: number, payload: Buffer): void {
    // FFmpeg as a server sends media on message stream 0; a session has one stream only that it can mean.
    const messageStreamId = stream === 0 ? this.messageStreamId : stream;
    if (this.#intake.message(type, messageStreamId, timestamp, payload)) return;
    switch (type) {
      case MessageType.commandAmf0:
      case MessageType.commandAmf3:
        this.#dialogue.command(decodeCommand(amfBody(type, payload), this.#options.amfLimits));
        return;
      default:
        this.#control.message(type, payload);
    }
  }

  #begin(): void {
    this.sender.chunkSize(this.#options.chunkSize);
    this.#dialogue.connect();
  }

  #ready(): void {
    if (this.#options.mode === 'play') this.#intake.messageStreamId = this.messageStreamId;
    this.#handler.onReady();
  }

  /** Connect itself always goes as AMF0: it is what agrees on AMF3. */
  get #isAmf3(): boolean {
    return this.#options.objectEncoding === 3 && this.#dialogue.connected;
  }

  /** Messages of the AMF3 types begin with a format selector: 0, for AMF0. */
  #withSelector(body: Buffer): Buffer {
    return this.#isAmf3 ? Buffer.concat([Buffer.of(0), body]) : body;
  }

  #close(code: string, detail: string): void {
    if (this.#closed) return;
    this.end();
    this.#handler.onClosed({ code, detail });
  }
}
