// A viewer that reads FLV as binary messages of a WebSocket: the pieces of a stream, each message one tag or more.
import type { Socket } from 'node:net';
import type { EndReason, ViewerSink, WatchedViewer } from '@millrace/playout';
import type { WebSocket } from 'ws';
import type { ProblemError } from '../http/problem-error.ts';
import { SocketBytes } from '../http/socket-bytes.ts';

/** Viewers send nothing: after this many messages the connection is closed. */
const MAX_MESSAGES = 100;

const TRY_AGAIN_LATER = 1013;
/** Close codes (RFC 6455 section 7.4, and 1012 of the IANA registry): players take 1000 as the end of the stream. */
const CLOSE_CODES: Readonly<Record<EndReason, number>> = { ended: 1000, taken_down: 1008, draining: 1012 };

export class WsSink implements ViewerSink {
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  readonly #bytes: SocketBytes;

  constructor(socket: WebSocket, connection: Socket) {
    this.#socket = socket;
    this.#connection = connection;
    this.#bytes = new SocketBytes(connection);
    let messages = 0;
    const count = (): void => {
      if (++messages > MAX_MESSAGES) socket.terminate();
    };
    socket.on('message', count).on('ping', count).on('pong', count);
    // A socket that fails closes too.
    socket.on('error', () => socket.terminate());
  }

  get sentBytes(): number {
    return this.#bytes.sent;
  }

  attach(viewer: WatchedViewer): void {
    this.#connection.on('drain', () => viewer.drained());
    this.#socket.once('close', () => viewer.leave());
  }

  write(bytes: Uint8Array): boolean {
    this.#socket.send(bytes, { binary: true });
    return !this.#connection.writableNeedDrain;
  }

  end(reason: EndReason): void {
    if (reason === 'taken_down' && this.#connection.writableLength > 0) this.#socket.terminate();
    else this.#socket.close(CLOSE_CODES[reason], reason);
  }

  cut(): void {
    this.#socket.terminate();
  }

  /** There is nothing to play, which is known only after the upgrade. The reason is the code of the problem. */
  refuse({ code }: ProblemError): void {
    this.#socket.close(TRY_AGAIN_LATER, code);
  }
}
