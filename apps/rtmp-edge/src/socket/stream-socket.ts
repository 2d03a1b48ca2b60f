// Reading as every Node.js stream does: what TLS sockets need.
import type { Socket } from 'node:net';
import { ByteSocket } from './byte-socket.ts';
import type { ByteSocketHandler } from './byte-socket.ts';

export class StreamSocket extends ByteSocket {
  constructor(socket: Socket, handler: ByteSocketHandler) {
    super(socket, handler);
    socket.on('data', (bytes: Buffer) => handler.onBytes(bytes));
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  carryMedia(): void {
    // It is read in one way only.
  }
}
