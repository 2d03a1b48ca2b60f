// What comes before HTTP on a connection, and what may not last: whose it is, whether there is room for it, and whether its
// answers are read.
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ProtocolError } from '@millrace/protocol/bytes';
import { ProxyHeaderReader } from '@millrace/protocol/proxy-protocol';
import type { ProxyHeader } from '@millrace/protocol/proxy-protocol';
import { peerNetwork, repeatedHeader, SharedPlaces } from '@millrace/service-kit';
import type { ClientAddresses, Counter, Metrics } from '@millrace/service-kit';
import { PROBLEM_TYPE, problemDocument } from '../http/problem-document.ts';
import { ProblemError } from '../http/problem-error.ts';
import { isHttp2 } from '../http/http2-response.ts';
import { startsHttp2 } from './http2-sessions.ts';
import type { Http2Sessions } from './http2-sessions.ts';
import { RepeatedRequests } from './repeated-requests.ts';

const REFUSALS = ['too_many_from_address', 'proxy_untrusted', 'proxy_header', 'proxy_timeout', 'unread'] as const;
type Refusal = (typeof REFUSALS)[number];

export interface HttpConnectionSettings {
  readonly httpMaxConnections: number;
  readonly httpMaxConnectionsPerAddress: number;
  readonly httpProxyProtocol: boolean;
  readonly httpRequestTimeoutMs: number;
  readonly httpSendTimeoutMs: number;
}

export const createHttpRefusals = (metrics: Metrics): Counter<'reason'> =>
  metrics.counter('http_connections_refused_total', 'Connections refused or closed by this server, by reason.', {
    reason: REFUSALS,
  });

export class HttpConnectionGuard {
  readonly repeated = new RepeatedRequests((socket) => this.#limitUnread(socket));
  readonly #places: SharedPlaces;
  readonly #settings: HttpConnectionSettings;
  readonly #clients: ClientAddresses;
  readonly #refusals: Counter<'reason'>;
  #answerFirst: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;

  constructor(settings: HttpConnectionSettings, clients: ClientAddresses, refusals: Counter<'reason'>) {
    this.#settings = settings;
    this.#clients = clients;
    this.#refusals = refusals;

    const { httpMaxConnections: max, httpMaxConnectionsPerAddress: maxPerAddress } = settings;
    this.#places = new SharedPlaces({ max, maxPerAddress });
  }

  /** Asks this before the router. @param answer returns whether it has answered */
  answerFirst(answer: (request: IncomingMessage, response: ServerResponse) => boolean): void {
    this.#answerFirst = answer;
  }

  /** Stands before the server from now on. Call it before the server listens. */
  guard(server: Server, http2: Http2Sessions): void {
    const serve = server.listeners('connection') as ((socket: Socket) => void)[];
    const http1 = (socket: Socket): void => {
      for (const listener of serve) listener.call(server, socket);
    };
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) =>
      // A connection over TLS has been admitted already, and has agreed on a protocol: see `HttpsListener`.
      socket instanceof TLSSocket
        ? http1(socket)
        : this.admit(socket, () => this.#readStart(socket, server, http1, http2)),
    );
    const closeIdle = server.closeIdleConnections.bind(server);
    server.closeIdleConnections = () => this.repeated.keepSending(closeIdle);
    const answer = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      response.once('prefinish', () => this.#limitSending(response));
      const header = repeatedHeader(request.rawHeaders);
      if (header !== undefined) return answerRepeatedHeader(request, response, header);
      this.repeated.arrived(request, response);
      if (this.#answerFirst?.(request, response) === true) return;
      for (const listener of answer) listener.call(server, request, response);
    });
  }

  /**
   * Goes on with a connection once it has a place, and its PROXY header has been read where there must be one. Call it as soon as the
   * connection is there.
   */
  admit(socket: Socket, goOn: () => void): void {
    const take = (): void => {
      if (this.#takePlace(socket)) goOn();
    };
    if (this.#settings.httpProxyProtocol) this.#readProxyHeader(socket, take);
    else take();
  }

  /** Connections of trusted proxies are those of many clients: for them the server's own limit holds alone. */
  #takePlace(socket: Socket): boolean {
    const peer = this.#clients.peerOf(socket);
    if (this.#clients.isTrusted(peer)) return true;
    const release = this.#places.take({ network: peerNetwork(peer) });
    if (release === undefined) this.#refuse(socket, 'too_many_from_address');
    else socket.once('close', release);
    return release !== undefined;
  }

  #readProxyHeader(socket: Socket, goOn: () => void): void {
    if (!this.#clients.isTrusted(this.#clients.peerOf(socket))) return this.#refuse(socket, 'proxy_untrusted');
    const reader = new ProxyHeaderReader();
    this.#readFirst(
      socket,
      () => this.#refuse(socket, 'proxy_timeout'),
      (bytes, leave) => {
        const read = this.#push(reader, bytes, socket);
        if (read === undefined) return;
        leave();
        const { header, rest } = read;
        if (header.command === 'proxy' && header.source !== undefined)
          this.#clients.setSource(socket, header.source.address);
        if (rest.length > 0) socket.unshift(rest);
        goOn();
      },
    );
  }

  /** Which version of HTTP a connection begins with, where TLS has not agreed on one. */
  #readStart(socket: Socket, server: Server, http1: (socket: Socket) => void, http2: Http2Sessions): void {
    let start: Buffer = Buffer.alloc(0);
    // As Node.js does for a request that is begun and does not arrive.
    const late = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    this.#readFirst(
      socket,
      () => void server.emit('clientError', late, socket),
      (bytes, leave) => {
        start = start.length === 0 ? bytes : Buffer.concat([start, bytes]);
        const version2 = startsHttp2(start);
        if (version2 === undefined) return;
        leave();
        // A session of HTTP/2 takes what has been read already when it begins; a parser of HTTP/1.1 hears of it as data.
        if (version2) {
          socket.unshift(start);
          return http2.serve(socket);
        }
        http1(socket);
        if (socket.destroyed) return;
        socket.unshift(start);
        socket.resume();
      },
    );
  }

  /**
   * Reads what comes before anything else has the connection. `onData` is called with each piece until it calls `leave`, which leaves
   * the socket paused.
   */
  #readFirst(socket: Socket, onLate: () => void, onData: (bytes: Buffer, leave: () => void) => void): void {
    const timer = setTimeout(() => {
      leave();
      onLate();
    }, this.#settings.httpRequestTimeoutMs);
    const hear = (bytes: Buffer): void => onData(bytes, leave);
    const leave = (): void => {
      clearTimeout(timer);
      socket.off('data', hear).off('end', end).off('close', leave).off('error', ignore);
      socket.pause();
    };
    // The server's sockets stay half open: a client that leaves before it has said anything would keep its place.
    const end = (): void => void socket.destroy();
    socket.on('data', hear).on('end', end).on('close', leave).on('error', ignore);
    socket.resume();
  }

  #push(
    reader: ProxyHeaderReader,
    bytes: Buffer,
    socket: Socket,
  ): { readonly header: ProxyHeader; readonly rest: Buffer } | undefined {
    try {
      return reader.push(bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refuse(socket, 'proxy_header');
      return undefined;
    }
  }

  /** A client that does not read its answer holds it, and the connection, for as long as it likes; unless it is cut. */
  #limitSending(response: ServerResponse): void {
    const { socket } = response;
    // Streams of HTTP/2 have a limit of their own.
    if (isHttp2(response)) return;
    if (socket === null || socket.writableLength === 0) return;
    response.setTimeout(this.#settings.httpSendTimeoutMs, () => this.#refuse(socket, 'unread'));
  }

  /** The same for what was written without a response. @returns call it when it has left */
  #limitUnread(socket: Socket): () => void {
    const { timeout: before = 0 } = socket;
    const cut = (): void => this.#refuse(socket, 'unread');
    socket.setTimeout(this.#settings.httpSendTimeoutMs, cut);
    return () => void socket.off('timeout', cut).setTimeout(before);
  }

  /** A client of HTTP/2 was disconnected from a stream since it did not read. */
  countUnread(): void {
    this.#refusals.inc({ reason: 'unread' });
  }

  #refuse(socket: Socket, reason: Refusal): void {
    this.#refusals.inc({ reason });
    socket.destroy();
  }
}

function answerRepeatedHeader(request: IncomingMessage, response: ServerResponse, header: string): void {
  const problem = new ProblemError('invalid_request', `The request has more than one ${header} header.`);
  const body = JSON.stringify(problemDocument(problem, request.url ?? '/', ''));
  response.writeHead(problem.status, {
    'content-type': PROBLEM_TYPE,
    'content-length': Buffer.byteLength(body),
    ...(!isHttp2(response) && { connection: 'close' }),
  });
  response.end(body);
}

/** A socket that fails closes too. */
const ignore = (): void => undefined;
