// A viewer that reads FLV as the body of a response.
import type { ServerResponse } from 'node:http';
import type { EndReason, ViewerSink, WatchedViewer } from '@millrace/playout';
import { CROSS_ORIGIN_HEADERS } from '../http/cross-origin.ts';
import { SocketBytes } from '../http/socket-bytes.ts';
import { isHttp2 } from '../http/http2-response.ts';

export const FLV_HEADERS = {
  ...CROSS_ORIGIN_HEADERS,
  'content-type': 'video/x-flv',
  'cache-control': 'no-store',
  // nginx would buffer what it should pass on.
  'x-accel-buffering': 'no',
};

export class HttpSink implements ViewerSink {
  readonly #response: ServerResponse;
  /** Undefined for a stream of HTTP/2, whose connection carries others too. */
  readonly #bytes: SocketBytes | undefined;
  #given = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#bytes = isHttp2(response) ? undefined : new SocketBytes(response.socket);
  }

  get sentBytes(): number {
    return this.#bytes?.sent ?? this.#given - this.#response.writableLength;
  }

  attach(viewer: WatchedViewer): void {
    this.#response.on('drain', () => viewer.drained());
    this.#response.once('close', () => viewer.leave());
  }

  write(bytes: Uint8Array): boolean {
    const response = this.#response;
    if (!response.headersSent) response.writeHead(200, FLV_HEADERS);
    this.#given += bytes.byteLength;
    return response.write(bytes);
  }

  end(reason: EndReason): void {
    const response = this.#response;
    if (!response.headersSent) return;
    // A viewer that does not read would keep the connection and what it was sent before.
    if (reason === 'taken_down' && response.writableLength > 0) response.destroy();
    else response.end();
  }

  cut(): void {
    this.#response.destroy();
  }
}
