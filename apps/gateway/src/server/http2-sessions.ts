// HTTP/2 (RFC 9113) beside HTTP/1.1: its requests are answered by the same routes, and the limits of requests hold for its streams.
import { constants, createServer } from 'node:http2';
import type { Http2Server, Http2ServerRequest, ServerHttp2Session } from 'node:http2';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { completeResponse } from '../http/http2-response.ts';

/** RFC 9113 §3.4: how a client that knows that the server speaks HTTP/2 begins. Three bytes tell it from every method of HTTP/1.1. */
const PREFACE = 'PRI';

/**
 * In megabytes, per connection. Node.js counts what waits to be sent, which for a segment is no memory of the connection's: the cache holds
 * it once for all. What a client can fill is bounded by its headers and the number of its requests.
 */
const MAX_SESSION_MEMORY = 1_000;

export interface Http2Settings {
  readonly http2MaxStreams: number;
  readonly httpMaxHeaderBytes: number;
  readonly httpRequestTimeoutMs: number;
  readonly httpKeepAliveMs: number;
  readonly httpSendTimeoutMs: number;
}

/** @returns undefined while there are too few bytes to tell */
export function startsHttp2(bytes: Buffer): boolean | undefined {
  const text = bytes.toString('latin1', 0, PREFACE.length);
  if (!PREFACE.startsWith(text)) return false;
  return text.length === PREFACE.length ? true : undefined;
}

export class Http2Sessions {
  readonly #server: Http2Server;
  readonly #settings: Http2Settings;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #unread: () => void;

  /**
   * @param routes the HTTP/1.1 server, whose listeners answer the requests
   * @param unread called when a client is disconnected from a stream because it does not read
   */
  constructor(settings: Http2Settings, routes: Server, unread: () => void) {
    this.#settings = settings;
    this.#unread = unread;
    this.#server = createServer({
      maxSessionMemory: MAX_SESSION_MEMORY,
      settings: { maxConcurrentStreams: settings.http2MaxStreams, maxHeaderListSize: settings.httpMaxHeaderBytes },
    });
    this.#server.on('session', (session) => this.#add(session));
    this.#server.on('request', (request, response) => {
      this.#limit(request);
      completeResponse(response);
      routes.emit('request', request, response);
    });
  }

  /** Takes a connection on, which begins with the preface. */
  serve(socket: Socket): void {
    // The server's sockets stay half open. A client of HTTP/2 that sends nothing any more is gone: what it has asked for is not held on.
    socket.once('end', () => void socket.destroy());
    this.#server.emit('connection', socket);
  }

  /** Each connection ends with the requests that it has (RFC 9113 §6.8). */
  leave(): void {
    for (const session of this.#sessions) session.close();
  }

  /** Ends every connection at once. */
  cut(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #add(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.once('close', () => void this.#sessions.delete(session));
    session.setTimeout(this.#settings.httpKeepAliveMs, () => session.close());
  }

  /** How long a request may take to arrive, and how long its answer may wait to be read: Node.js has these for HTTP/1.1 only. */
  #limit(request: Http2ServerRequest): void {
    const { stream } = request;
    const { httpRequestTimeoutMs, httpSendTimeoutMs } = this.#settings;
    if (!stream.endAfterHeaders) {
      const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), httpRequestTimeoutMs);
      const arrived = (): void => clearTimeout(timer);
      request.once('end', arrived);
      stream.once('close', arrived);
    }
    const rested = (): void => {
      // A stream on which nothing waits to be read is one whose answer is not there yet, such as a held request.
      if (stream.bufferSize === 0) return void stream.setTimeout(httpSendTimeoutMs, rested);
      this.#unread();
      stream.close(constants.NGHTTP2_CANCEL);
    };
    stream.setTimeout(httpSendTimeoutMs, rested);
  }
}
