// The port of signaling: a small Nest application of its own, so that it opens, drains and closes by itself, whatever process
// it is a part of.
import type { AddressInfo } from 'node:net';
import { NestLogger } from '@millrace/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { signalingMetrics } from './metrics/signaling-metrics.ts';
import { RoomsGateway } from './rooms/rooms.gateway.ts';
import { Rooms } from './rooms/rooms.ts';
import type { SignalingOptions } from './signaling-options.ts';
import { AdmissionControl } from './admission/admission-control.ts';
import { RoomsWsAdapter } from './admission/rooms-ws.adapter.ts';

/** Before a connection is a WebSocket it is an HTTP request: a small one, soon. */
const MAX_HEADER_BYTES = 16 * 1_024;
const REQUEST_TIMEOUT_MS = 10_000;
/** Connections that have not upgraded yet, or are no WebSockets, beyond the sockets that there may be. */
const SPARE_CONNECTIONS = 1_024;

@Module({})
class RoomsServerModule {
  static register(rooms: Rooms): DynamicModule {
    return { module: RoomsServerModule, providers: [{ provide: Rooms, useValue: rooms }, RoomsGateway] };
  }
}

export class RoomsServer {
  readonly #options: SignalingOptions;
  readonly #rooms: Rooms;
  readonly #admission: AdmissionControl;
  #app: NestFastifyApplication | undefined;

  constructor(options: SignalingOptions, rooms: Rooms) {
    this.#options = options;
    this.#rooms = rooms;
    this.#admission = new AdmissionControl(options.settings);
  }

  /** The port that it listens on. */
  get port(): number {
    const server = this.#app?.getHttpServer();
    return (server?.address() as AddressInfo | null)?.port ?? 0;
  }

  async listen(): Promise<void> {
    const { settings, logger } = this.#options;
    const fastify = new FastifyAdapter({
      requestTimeout: REQUEST_TIMEOUT_MS,
      http: {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: 1_000,
      },
    });
    const app = await NestFactory.create<NestFastifyApplication>(RoomsServerModule.register(this.#rooms), fastify, {
      logger: new NestLogger(logger),
    });
    this.#app = app;
    const server = app.getHttpServer();
    server.maxConnections = settings.signalingMaxSockets + SPARE_CONNECTIONS;
    const metrics = signalingMetrics(this.#options.metrics);
    app.useWebSocketAdapter(
      new RoomsWsAdapter(app, server, {
        admission: this.#admission,
        maxMessageBytes: settings.signalingMaxMessageBytes,
        refused: (reason) => metrics.refusedSockets.inc({ reason }),
      }),
    );
    await app.listen(settings.signalingPort, settings.signalingHost);
  }

  /** Refuses new sockets from now on. */
  stopAdmitting(): void {
    this.#admission.close();
  }

  async close(): Promise<void> {
    await this.#app?.close();
  }
}
