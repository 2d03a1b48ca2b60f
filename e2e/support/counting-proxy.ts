// Stands between a client and a server and counts what their sockets receive: the truth that usage is compared with.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

interface Counted {
  readonly atMs: number;
  readonly bytes: number;
}

export class CountingProxy {
  /** From clients to the server. */
  sentBytes = 0;
  /** From the server to clients. */
  receivedBytes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #sent: Counted[] = [];
  readonly #received: Counted[] = [];

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

  /** What was carried in this time before a moment, in each direction. */
  before(atMs: number, withinMs: number): { readonly sent: number; readonly received: number } {
    const sum = (counts: readonly Counted[]): number =>
      counts.reduce((all, count) => (count.atMs <= atMs && count.atMs > atMs - withinMs ? all + count.bytes : all), 0);
    return { sent: sum(this.#sent), received: sum(this.#received) };
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
      this.sentBytes += bytes.length;
      this.#sent.push({ atMs: Date.now(), bytes: bytes.length });
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      this.receivedBytes += bytes.length;
      this.#received.push({ atMs: Date.now(), bytes: bytes.length });
      client.write(bytes);
    });
    client.on('close', () => server.end());
    server.on('close', () => client.end());
  }
}
