// One WebSocket: frames in and messages out, bounded both ways, with one way to end.
import type { Socket } from 'node:net';
import type { DirectMessage, ServerMessage } from '@millrace/rooms-client';
import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import { CloseCode, SignalingError as SignalingFault } from '../messages/signaling-errors.ts';
import type { Admitted } from './admission-control.ts';
import type { SignalingErrorCode, SignalingError } from '../messages/signaling-errors.ts';

export interface SocketLimits {
  readonly maxUnsentBytes: number;
  /** How much may come before `joined` is called. */
  readonly maxUnjoinedBytes: number;
}

export interface SocketOwner {
  received(text: string): void;
  /** A ping, or an unsolicited pong: it costs as much as a message. @returns whether it was within the limits */
  mayPing(): boolean;
  sent(): void;
  toldError(code: SignalingErrorCode): void;
  /** It has ended; called once. */
  closed(reason: SocketEnd): void;
}

/** Why a socket has ended: a label of metrics. */
export type SocketEnd =
  | 'client_closed'
  | 'connection_lost'
  | 'bad_frame'
  | 'silent'
  | 'left'
  | 'moved'
  | 'restart'
  | 'drained'
  | SignalingErrorCode;

export class SignalingSocket {
  readonly address: string;
  readonly #ws: WebSocket;
  readonly #limits: SocketLimits;
  readonly #owner: SocketOwner;
  readonly #admitted: Admitted;
  readonly #connection: Socket;
  readonly #countBytes: (chunk: Buffer) => void;
  #unjoinedBytes = 0;
  #end: SocketEnd | undefined;
  #heardAtMs = performance.now();
  #pinged = false;

  constructor(ws: WebSocket, connection: Socket, admitted: Admitted, limits: SocketLimits, owner: SocketOwner) {
    this.address = admitted.address;
    this.#admitted = admitted;
    this.#ws = ws;
    this.#limits = limits;
    this.#owner = owner;
    this.#connection = connection;
    this.#countBytes = (chunk) => {
      this.#unjoinedBytes += chunk.byteLength;
      if (this.#unjoinedBytes > limits.maxUnjoinedBytes)
        this.fail(new SignalingFault('message_too_large'), CloseCode.tooBig);
    };
    connection.on('data', this.#countBytes);
    ws.on('message', (data, isBinary) => this.#receive(data, isBinary));
    ws.on('ping', (data: Buffer) => this.#answerPing(data));
    ws.on('pong', () => this.#heardPong());
    // What a peer's frames break is told to the peer by `ws` (RFC 6455 section 7.1.7), and to us by the close that follows.
    ws.on('error', (error: Error & { readonly code?: string }) => {
      this.#end ??= error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'message_too_large' : 'bad_frame';
      if (error.code?.startsWith('WS_ERR') !== true) this.#end = 'connection_lost';
    });
    ws.on('close', (code) => owner.closed((this.#end ??= code === 1_006 ? 'connection_lost' : 'client_closed')));
  }

  /** In milliseconds, since anything was heard. */
  get silentMs(): number {
    return performance.now() - this.#heardAtMs;
  }

  get isOpen(): boolean {
    return this.#end === undefined && this.#ws.readyState === WebSocket.OPEN;
  }

  /** The client is in a room: from now on other limits hold. */
  joined(): void {
    this.#admitted.joined();
    this.#connection.off('data', this.#countBytes);
  }

  send(message: ServerMessage): void {
    if (!this.isOpen) return;
    this.#ws.send(JSON.stringify(message));
    this.#owner.sent();
    this.#checkReader();
  }

  /** Says what is wrong with a message. */
  refuse(error: SignalingError, replyTo: string | undefined): void {
    this.#owner.toldError(error.code);
    const reply: DirectMessage = { type: 'error', code: error.code, detail: error.message };
    this.send(replyTo === undefined ? reply : { ...reply, reply_to: replyTo });
  }

  /** Says what is wrong, and ends. */
  fail(error: SignalingError, code: CloseCode = CloseCode.policy, replyTo?: string): void {
    if (!this.isOpen) return;
    this.refuse(error, replyTo);
    this.close(code, error.code);
  }

  /** Ends it, with a closing handshake within the server's `closeTimeout`. */
  close(code: CloseCode, end: SocketEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#ws.close(code, end);
  }

  /** Ends it at once. */
  cut(end: SocketEnd): void {
    this.#end ??= end;
    this.#ws.terminate();
  }

  ping(): void {
    if (this.#pinged || !this.isOpen) return;
    this.#pinged = true;
    this.#ws.ping();
    this.#checkReader();
  }

  /** Stops reading: what the client sends on stays in its own buffers. */
  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  #heard(): void {
    this.#heardAtMs = performance.now();
    this.#pinged = false;
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (!this.isOpen) return;
    this.#heard();
    if (isBinary) return this.fail(new SignalingFault('binary_message'), CloseCode.unsupportedData);
    this.#owner.received((data as Buffer).toString());
  }

  #answerPing(data: Buffer): void {
    this.#heard();
    if (!this.isOpen || !this.#owner.mayPing()) return;
    this.#ws.pong(data);
    this.#checkReader();
  }

  #heardPong(): void {
    const asked = this.#pinged;
    this.#heard();
    if (!asked && this.isOpen) this.#owner.mayPing();
  }

  /** A client that does not read is cut: memory is for those who do. */
  #checkReader(): void {
    if (this.#ws.bufferedAmount > this.#limits.maxUnsentBytes) this.cut('slow_reader');
  }
}
