// The routes of FLV: an endless response, or the same over a WebSocket.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '@millrace/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WebSocketServer } from 'ws';
import { CROSS_ORIGIN_HEADERS } from '../http/cross-origin.ts';
import { ProblemError } from '../http/problem-error.ts';
import { sendProblem } from '../server/problem-filter.ts';
import { addPublicRoute } from '../http/public-routes.ts';
import { pathOf, refuseUpgrade } from '../http/upgrade-routes.ts';
import type { PlaybackGate } from '../playback/playback-gate.ts';
import type { PlaybackVisitor } from '../playback/playback-visitor.ts';
import type { FlvService } from './flv-service.ts';
import { FLV_HEADERS, HttpSink } from './http-sink.ts';
import { WsSink } from './ws-sink.ts';

const PATH = '/live/:file';
const SUFFIX = '.flv';
const UPGRADE_PATH = /^\/live\/([^/]+)\.flv$/;
const PREFLIGHT_HEADERS = {
  ...CROSS_ORIGIN_HEADERS,
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'Range, X-Request-Id',
  'access-control-max-age': '86400',
};
/** Viewers send nothing. */
const MAX_MESSAGE_BYTES = 1_024;
/** How long a peer may take for the closing handshake. */
const CLOSE_TIMEOUT_MS = 2_000;

export class HttpFlvRoutes {
  readonly #service: FlvService;
  readonly #gate: PlaybackGate;
  readonly #log: Pick<Logger, 'error'>;
  readonly #sockets: WebSocketServer;

  constructor(service: FlvService, gate: PlaybackGate, log: Pick<Logger, 'error'>) {
    this.#service = service;
    this.#gate = gate;
    this.#log = log;
    const options = {
      noServer: true,
      clientTracking: false,
      maxPayload: MAX_MESSAGE_BYTES,
      // Media does not compress, and each compressed socket would hold some 300 KB.
      perMessageDeflate: false,
      closeTimeout: CLOSE_TIMEOUT_MS,
    };
    this.#sockets = new WebSocketServer(options);
  }

  register(server: FastifyInstance): void {
    addPublicRoute(server, {
      method: ['GET', 'HEAD'],
      url: PATH,
      handler: (request, reply) => this.#answer(request, reply),
    });
    addPublicRoute(server, {
      method: 'OPTIONS',
      url: PATH,
      handler: (_request, reply) => reply.code(204).headers(PREFLIGHT_HEADERS).send(),
    });
    server.upgradeRoutes.add({
      matches: (path) => UPGRADE_PATH.test(path),
      upgrade: (request, connection, head) => {
        const visitor = this.#gate.visitorOf(request, server.clientAddresses);
        void this.#upgrade(request, connection, head, visitor);
      },
    });
  }

  async #answer(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { file } = request.params as { readonly file: string };
    const visitor = this.#gate.visitorOf(request.raw, request.server.clientAddresses);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    try {
      if (!file.endsWith(SUFFIX)) throw new ProblemError('not_found', 'There is nothing at this URL.');
      const playbackId = file.slice(0, -SUFFIX.length);
      if (request.method === 'HEAD') {
        await this.#service.check('http-flv', playbackId, visitor);
        return await reply.code(200).headers(FLV_HEADERS).send();
      }
      const sink = new HttpSink(reply.raw);
      await this.#service.watch({ protocol: 'http-flv', playbackId, visitor, sink, gone: gone.signal });
      reply.hijack();
    } catch (error) {
      if (gone.signal.aborted) return void reply.hijack();
      sendProblem(request, reply.headers(CROSS_ORIGIN_HEADERS), this.#problemOf(error));
    }
  }

  async #upgrade(request: IncomingMessage, connection: Duplex, head: Buffer, visitor: PlaybackVisitor): Promise<void> {
    const playbackId = UPGRADE_PATH.exec(pathOf(request))?.[1] ?? '';
    const gone = new AbortController();
    const goneAway = (): void => gone.abort();
    // Until there is a WebSocket, nothing else listens for its errors.
    connection.on('error', goneAway).once('close', goneAway);
    try {
      await this.#service.check('ws-flv', playbackId, visitor);
    } catch (error) {
      return refuseUpgrade(request, connection, this.#problemOf(error));
    }
    if (gone.signal.aborted) return void connection.destroy();
    this.#sockets.handleUpgrade(request, connection, head, (socket) => {
      // The type leaves room for other transports; this server has none.
      const sink = new WsSink(socket, connection as Socket);
      this.#service
        .watch({ protocol: 'ws-flv', playbackId, visitor, sink, gone: gone.signal })
        .catch((error: unknown) => sink.refuse(this.#problemOf(error)));
    });
  }

  #problemOf(error: unknown): ProblemError {
    const problem =
      error instanceof ProblemError
        ? error
        : new ProblemError('internal_error', 'An internal error occurred on this server.', { cause: error });
    if (problem.code === 'internal_error') this.#log.error({ err: problem.cause }, 'FLV request failed');
    return problem;
  }
}
