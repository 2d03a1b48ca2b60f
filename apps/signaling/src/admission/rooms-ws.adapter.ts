// The WebSocket adapter of signaling: Nest's own for `ws`, with admission control in front.
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { INestApplicationContext } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { type ServerOptions, WebSocketServer } from 'ws';
import type { AdmissionControl, SocketRefusal } from './admission-control.ts';
import { SOCKET_REFUSALS } from './admission-control.ts';
import { noteAdmission } from './admitted-request.ts';

/** How long a peer may take for the closing handshake. */
const CLOSE_TIMEOUT_MS = 2_000;
/** A message comes in few pieces; many small ones only cost memory. */
const MAX_FRAGMENTS = 64;
const MAX_BUFFERED_CHUNKS = 1_024;

export interface AdmissionOptions {
  readonly admission: AdmissionControl;
  readonly maxMessageBytes: number;
  readonly refused: (refusal: SocketRefusal) => void;
}

export class RoomsWsAdapter extends WsAdapter {
  readonly #server: Server;
  readonly #options: AdmissionOptions;

  constructor(app: INestApplicationContext, server: Server, options: AdmissionOptions) {
    super(app);
    this.#server = server;
    this.#options = options;
  }

  /** @param options of `@WebSocketGateway` */
  override create(_port: number, { path }: { path?: string } = {}): WebSocketServer {
    const options: ServerOptions & { readonly closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      maxPayload: this.#options.maxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_BUFFERED_CHUNKS,
      closeTimeout: CLOSE_TIMEOUT_MS,
      // Each compressed socket would hold some 300 KB, a few bytes could inflate to any size, and these messages are small.
      perMessageDeflate: false,
      // Pings are counted as messages are: see SignalingSocket.
      autoPong: false,
    };
    const sockets = new WebSocketServer(options);
    this.#server.on('upgrade', (request, connection: Duplex, head: Buffer) => {
      if (pathOf(request) !== path) return refuse(connection, 404);
      const admission = this.#options.admission.admit(request);
      if (!admission.admitted) {
        this.#options.refused(admission.refusal);
        return refuse(connection, SOCKET_REFUSALS[admission.refusal]);
      }
      connection.once('close', admission.release);
      noteAdmission(request, admission);
      sockets.handleUpgrade(request, connection, head, (ws) => sockets.emit('connection', ws, request));
    });
    return sockets;
  }

  /** Sessions read their sockets themselves. */
  override bindMessageHandlers(): void {}

  override async close(server: WebSocketServer): Promise<void> {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** What stands before a query: the token has no place there, but a question mark may. */
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
