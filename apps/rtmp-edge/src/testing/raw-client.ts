// A client that sends whatever bytes a test wants, for tests of what edges do with them.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { TestEdge } from './test-edge.ts';

const HANDSHAKE_BYTES = 1_536;

export class RawClient {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  readonly #closed: Promise<void>;
  isClosed = false;

  constructor(edge: TestEdge, options: { readonly localAddress?: string } = {}) {
    this.socket = connect({ host: '127.0.0.1', port: edge.ports.rtmp, ...options });
    this.socket.on('data', (bytes: Buffer) => this.#chunks.push(bytes));
    this.socket.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.isClosed = true;
        resolve();
      });
    });
  }

  /** Everything that the server sent so far. */
  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Sends C0 and C1, and C2 whatever comes back. */
  handshake(): this {
    this.send(Buffer.from([3]), Buffer.alloc(HANDSHAKE_BYTES), Buffer.alloc(HANDSHAKE_BYTES));
    return this;
  }

  send(...bytes: Buffer[]): this {
    this.socket.write(Buffer.concat(bytes));
    return this;
  }

  untilClosed(): Promise<void> {
    return this.#closed;
  }
}
