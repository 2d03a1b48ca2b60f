// A connection that is lost at the worst moment: the server has got the command, the client never gets the answer.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Forwards TCP connections to a local port. Once told to, it lets requests through and cuts at the first byte of a reply. */
export class ReplyCutter {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cuts = false;
  #cutCount = 0;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      const upstream = connect(targetPort, '127.0.0.1');
      const drop = (): void => {
        client.destroy();
        upstream.destroy();
        this.#sockets.delete(client);
        this.#sockets.delete(upstream);
      };
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        // Either side going away ends both; why does not matter here.
        socket.on('error', drop).on('close', drop);
      }
      client.on('data', (request) => upstream.write(request));
      upstream.on('data', (reply) => {
        if (!this.#cuts) return void client.write(reply);
        this.#cutCount++;
        drop();
      });
    });
  }

  static async start(targetPort: number): Promise<ReplyCutter> {
    const cutter = new ReplyCutter(targetPort);
    cutter.#server.listen(0, '127.0.0.1');
    await once(cutter.#server, 'listening');
    return cutter;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many replies were cut off. */
  get cutCount(): number {
    return this.#cutCount;
  }

  cutReplies(cuts: boolean): void {
    this.#cuts = cuts;
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}
