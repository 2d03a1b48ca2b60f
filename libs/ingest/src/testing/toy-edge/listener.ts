// A port of a protocol that no encoder speaks: the least that an edge on this library is.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { listenOn, peerAddress, peerNetwork } from '@millrace/service-kit';
import { Ingest } from '../../ingest.ts';
import type { IngestPorts, IngestSettings } from '../../ingest.ts';
import { ToyConnection } from './connection.ts';

export class ToyEdge {
  readonly ingest: Ingest;
  readonly #connections = new Set<ToyConnection>();
  readonly #server;

  constructor(settings: IngestSettings, ports: IngestPorts) {
    this.ingest = new Ingest(settings, ports, {
      protocols: ['toy'],
      malformedTag: 'no messages of this protocol',
      connections: () => this.#connections,
    });
    this.#server = createServer((socket) => {
      const address = peerAddress(socket.remoteAddress);
      const peer = { protocol: 'toy', address, network: peerNetwork(address) };
      const connection = new ToyConnection(socket, peer, this.ingest, ports.logger);
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
  }

  async listen(): Promise<AddressInfo> {
    const place = await listenOn(this.#server, { host: '127.0.0.1', port: 0 });
    this.ingest.start();
    return place;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await this.ingest.drainPublishers();
    for (const connection of this.#connections) connection.cut('draining');
    await closed;
    await this.ingest.stop();
  }
}
