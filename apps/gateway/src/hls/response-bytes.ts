// Counts what responses send on their connections: headers and body, as much of it as the kernel has accepted. A client that asks for
// segments and hangs up is not counted as if it had watched.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { UsageSink } from '@millrace/domain';
import { isHttp2 } from '../http/http2-response.ts';
import { unsentBytes } from '../http/socket-bytes.ts';

type OnSent = (bytes: number) => void;

interface Pending {
  readonly socket: Socket;
  readonly total: number;
  readonly sent: OnSent;
  /** Of the total. */
  counted: number;
}

export class ResponseBytes {
  readonly #pending = new Set<Pending>();

  /** @param usage before it is collected, what long responses have sent so far is counted */
  constructor(usage: Pick<UsageSink, 'beforeCollect'>) {
    usage.beforeCollect(() => {
      for (const pending of this.#pending) count(pending, unsentBytes(pending.socket));
    });
  }

  /**
   * Call it before the response is written.
   *
   * @returns what its connection was given before; undefined while it has none, or where it carries other responses at the same time
   */
  begin(response: ServerResponse): number | undefined {
    return isHttp2(response) ? undefined : response.socket?.bytesWritten;
  }

  /**
   * Call it once the whole response is written.
   *
   * @param begun what `begin` returned
   * @param bodyBytes what is counted where the connection cannot tell: for a response that waits behind another one, or goes over
   * HTTP/2
   */
  written(response: ServerResponse, begun: number | undefined, bodyBytes: number, sent: OnSent): void {
    const { socket } = response;
    if (begun === undefined || socket === null) {
      if (!response.closed) response.once('close', () => response.writableFinished && sent(bodyBytes));
      return;
    }
    const total = socket.bytesWritten - begun;
    const unsent = unsentBytes(socket);
    if (unsent === 0) return sent(total);
    const pending: Pending = { socket, total, sent, counted: 0 };
    count(pending, unsent);
    this.#pending.add(pending);
    response.once('close', () => {
      this.#pending.delete(pending);
      if (response.writableFinished) count(pending, 0);
    });
  }

  /**
   * Writes to a connection that carries no response at the moment, and counts that.
   *
   * @param parts at least one
   * @param flushed called once the kernel has accepted it all, or the connection is gone
   */
  writeTo(socket: Socket, parts: readonly Uint8Array[], sent: OnSent, flushed: () => void): void {
    const total = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const pending: Pending = { socket, total, sent, counted: 0 };
    const last = parts.length - 1;
    socket.cork();
    for (const [index, part] of parts.entries())
      if (index < last) socket.write(part);
      else
        socket.write(part, (error) => {
          this.#pending.delete(pending);
          if (error === undefined || error === null) count(pending, 0);
          flushed();
        });
    socket.uncork();
    const unsent = unsentBytes(socket);
    count(pending, unsent);
    if (unsent > 0) this.#pending.add(pending);
  }
}

function count(pending: Pending, unsent: number): void {
  const done = Math.max(0, pending.total - unsent);
  if (done <= pending.counted) return;
  pending.sent(done - pending.counted);
  pending.counted = done;
}
