// The port of signaling: WebSockets on a server of Node.js, which opens, drains and closes by itself, whatever process it is a part of
// (docs/decisions/0042-signaling-is-plain-ws.md).
import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkIntervalMs, listenOn } from '@millrace/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { WebSocketServer } from 'ws';
import type { ServerOptions } from 'ws';
import { AdmissionControl, SOCKET_REFUSALS } from './admission/admission-control.ts';
import type { SignalingMetrics } from './metrics/signaling-metrics.ts';
import { ROOMS_PATH } from './rooms/rooms-path.ts';
import { Rooms } from './rooms/rooms.ts';
import type { RoomsSettings } from './settings.ts';
import { SIGNALING_METRICS, SIGNALING_SETTINGS } from './signaling-options.ts';

/** Before a connection is a WebSocket it is an HTTP request: a small one, soon. */
const MAX_HEADER_BYTES = 16 * 1_024;
const REQUEST_TIMEOUT_MS = 10_000;
/** Connections that have not upgraded yet, or are no WebSockets, beyond the sockets that there may be. */
const SPARE_CONNECTIONS = 1_024;
/** How long a peer may take for the closing handshake. */
const CLOSE_TIMEOUT_MS = 2_000;
/** A message comes in few pieces; many small ones only cost memory. */
const MAX_FRAGMENTS = 64;
const MAX_BUFFERED_CHUNKS = 1_024;

/** Depends on the rooms: Nest opens it behind them, and closes it once their sockets have ended. */
@Injectable()
export class RoomsServer implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #server: Server;
  readonly #sockets: WebSocketServer;

  constructor(
    private readonly rooms: Rooms,
    private readonly admission: AdmissionControl,
    @Inject(SIGNALING_SETTINGS) private readonly settings: RoomsSettings,
    @Inject(SIGNALING_METRICS) private readonly metrics: SignalingMetrics,
  ) {
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: checkIntervalMs(REQUEST_TIMEOUT_MS),
      },
      // What does not upgrade finds nothing here.
      (_request, response) => response.writeHead(404, { connection: 'close' }).end(),
    );
    this.#server.maxConnections = settings.signalingMaxSockets + SPARE_CONNECTIONS;
    this.#server.on('upgrade', (request, connection, head) => this.#upgrade(request, connection, head));
    const sockets: ServerOptions & { readonly closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      maxPayload: settings.signalingMaxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_BUFFERED_CHUNKS,
      closeTimeout: CLOSE_TIMEOUT_MS,
      // Each compressed socket would hold some 300 KB, a few bytes could inflate to any size, and these messages are small.
      perMessageDeflate: false,
      // Pings are counted as messages are: see SignalingSocket.
      autoPong: false,
    };
    this.#sockets = new WebSocketServer(sockets);
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { signalingHost: host, signalingPort: port } = this.settings;
    await listenOn(this.#server, { host, port });
  }

  /** Refuses new sockets from now on. */
  stopAdmitting(): void {
    this.admission.close();
  }

  /** Closes the port; resolves when the last connection has ended. */
  async onApplicationShutdown(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    if (pathOf(request) !== ROOMS_PATH) return refuse(connection, 404);
    const admission = this.admission.admit(request);
    if (!admission.admitted) {
      this.metrics.refusedSockets.inc({ reason: admission.refusal });
      return refuse(connection, SOCKET_REFUSALS[admission.refusal]);
    }
    connection.once('close', admission.release);
    this.#sockets.handleUpgrade(request, connection, head, (ws) => this.rooms.accept(ws, request.socket, admission));
  }
}

/** The part before a query: the token has no place there, but a question mark may. */
const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

function refuse(connection: Duplex, status: number): void {
  const body = STATUS_CODES[status] ?? '';
  // A refused client may go away before it has read the answer.
  connection.on('error', () => connection.destroy());
  connection.end(
    `HTTP/1.1 ${status} ${body}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    () => connection.destroy(),
  );
}
