// What comes before HTTP on a connection, and what may not last: whose it is, whether there is room for it, and whether its
// answers are read.
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ProtocolError } from '@millrace/protocol/bytes';
import { ProxyHeaderReader } from '@millrace/protocol/proxy-protocol';
import type { ProxyHeader } from '@millrace/protocol/proxy-protocol';
import { peerNetwork, repeatedHeader, SharedPlaces } from '@millrace/service-kit';
import type { ClientAddresses, Counter, Metrics } from '@millrace/service-kit';
import { PROBLEM_TYPE, problemDocument } from '../http/problem-document.ts';
import { ProblemError } from '../http/problem-error.ts';

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
  readonly #places: SharedPlaces;
  readonly #settings: HttpConnectionSettings;
  readonly #clients: ClientAddresses;
  readonly #refusals: Counter<'reason'>;

  constructor(settings: HttpConnectionSettings, clients: ClientAddresses, refusals: Counter<'reason'>) {
    this.#settings = settings;
    this.#clients = clients;
    this.#refusals = refusals;

    const { httpMaxConnections: max, httpMaxConnectionsPerAddress: maxPerAddress } = settings;
    this.#places = new SharedPlaces({ max, maxPerAddress });
  }

  /** Stands before the server from now on. Call it before the server listens. */
  guard(server: Server): void {
    const serve = server.listeners('connection') as ((socket: Socket) => void)[];
    const admit = (socket: Socket): void => {
      if (this.#takePlace(socket)) for (const listener of serve) listener.call(server, socket);
    };
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (this.#settings.httpProxyProtocol) this.#readProxyHeader(socket, admit);
      else admit(socket);
    });
    const answer = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      response.once('prefinish', () => this.#limitSending(response));
      const header = repeatedHeader(request.rawHeaders);
      if (header !== undefined) return answerRepeatedHeader(request, response, header);
      for (const listener of answer) listener.call(server, request, response);
    });
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

  #readProxyHeader(socket: Socket, admit: (socket: Socket) => void): void {
    if (!this.#clients.isTrusted(this.#clients.peerOf(socket))) return this.#refuse(socket, 'proxy_untrusted');
    const reader = new ProxyHeaderReader();
    const timer = setTimeout(() => this.#refuse(socket, 'proxy_timeout'), this.#settings.httpRequestTimeoutMs);
    const leave = (): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', leave).off('error', ignore);
    };
    const onData = (bytes: Buffer): void => {
      const read = this.#push(reader, bytes, socket);
      if (read === undefined) return;
      leave();
      socket.pause();
      const { header, rest } = read;
      if (header.command === 'proxy' && header.source !== undefined)
        this.#clients.setSource(socket, header.source.address);
      admit(socket);
      if (socket.destroyed) return;
      // The server reads what comes behind the header first, then the connection itself.
      if (rest.length > 0) socket.unshift(rest);
      socket.resume();
    };
    socket.on('data', onData).on('close', leave).on('error', ignore);
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
    if (socket === null || socket.writableLength === 0) return;
    response.setTimeout(this.#settings.httpSendTimeoutMs, () => this.#refuse(socket, 'unread'));
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
    connection: 'close',
  });
  response.end(body);
}

/** A socket that fails closes too. */
const ignore = (): void => undefined;
