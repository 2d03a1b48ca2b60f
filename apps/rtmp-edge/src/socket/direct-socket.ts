// Reading into one buffer for the whole process, past the stream machinery: a third of the cost of a read.
import { Socket } from 'node:net';
import type { Server, SocketConstructorOpts } from 'node:net';
import { ByteSocket } from './byte-socket.ts';
import type { ByteSocketHandler } from './byte-socket.ts';

/** One read takes at most this much. */
const READ_BUFFER_BYTES = 256 * 1024;
/** Shared: whoever is handed its bytes has copied what it keeps before the call returns. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

/** What Node.js keeps in an accepted socket. Not part of its documented interface: looked for, never relied on. */
interface SocketInternals {
  _handle?: { useUserBuffer?: unknown } | null;
  _server?: Server | null;
}

export class DirectSocket extends ByteSocket {
  private constructor(socket: Socket, handler: ByteSocketHandler) {
    super(socket, handler);
  }

  /**
   * Takes over a socket that a server has accepted with `pauseOnConnect`. The documented option `onread` exists for outgoing
   * sockets only, so the system handle moves into a new socket that has it.
   *
   * @returns undefined, with nothing changed, where this Node.js does not allow that
   */
  static open(accepted: Socket, handler: ByteSocketHandler): DirectSocket | undefined {
    const internals = accepted as SocketInternals;
    const handle = internals._handle;
    if (typeof handle?.useUserBuffer !== 'function') return undefined;
    const options = {
      handle,
      onread: {
        buffer: readBuffer,
        callback: (count: number) => {
          handler.onBytes(readBuffer.subarray(0, count));
          return true;
        },
      },
    };
    const socket: Socket & SocketInternals = new Socket(options as unknown as SocketConstructorOpts);
    socket._server = internals._server;
    internals._server = null;
    internals._handle = null;
    return new DirectSocket(socket, handler);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }
}
