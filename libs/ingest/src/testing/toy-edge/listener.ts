// A port of a protocol that no encoder uses: the minimum of an edge on this library.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { listenOn, LOGGER, peerAddress, peerNetwork } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { Inject, Injectable, Module } from '@nestjs/common';
import type { BeforeApplicationShutdown, DynamicModule, OnApplicationBootstrap } from '@nestjs/common';
import type { IngestOptions } from '../../ingest-options.ts';
import { ingestProviders } from '../../ingest-providers.ts';
import { Ingest } from '../../ingest.ts';
import { ToyConnection } from './connection.ts';

@Injectable()
export class ToyEdge implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #connections = new Set<ToyConnection>();
  readonly #server;

  constructor(
    readonly ingest: Ingest,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.#server = createServer((socket) => {
      const address = peerAddress(socket.remoteAddress);
      const peer = { protocol: 'toy', address, network: peerNetwork(address) };
      const connection = new ToyConnection(socket, peer, ingest, logger);
      this.#connections.add(connection);
      ingest.connections.add(connection);
      socket.once('close', () => {
        this.#connections.delete(connection);
        ingest.connections.remove(connection);
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async onApplicationBootstrap(): Promise<void> {
    await listenOn(this.#server, { host: '127.0.0.1', port: 0 });
  }

  async beforeApplicationShutdown(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await this.ingest.drainPublishers();
    for (const connection of this.#connections) connection.cut('draining');
    await closed;
  }
}

@Module({})
export class ToyEdgeModule {
  static register(options: IngestOptions): DynamicModule {
    const protocol = { protocols: ['toy'], malformedTag: 'no messages of this protocol' };
    return { module: ToyEdgeModule, providers: [...ingestProviders(options, protocol), ToyEdge] };
  }
}
