// Stands between a client and a server and counts what their sockets receive.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { ByteLog } from './byte-log.ts';

export class CountingProxy {
  /** From clients to the server. */
  readonly sent = new ByteLog();
  /** From the server to clients. */
  readonly received = new ByteLog();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#carry(client, targetPort));
  }

  static async open(targetPort: number): Promise<CountingProxy> {
    const proxy = new CountingProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #carry(client: Socket, targetPort: number): void {
    const server = connect(targetPort, '127.0.0.1');
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      // Both sides end together, whichever of them was killed.
      socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      this.sent.add(bytes.length);
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      this.received.add(bytes.length);
      client.write(bytes);
    });
    client.on('close', () => server.end());
    server.on('close', () => client.end());
  }
}
