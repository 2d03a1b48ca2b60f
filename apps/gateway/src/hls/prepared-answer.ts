// What many viewers ask for within a second leaves as one buffer, headers and body, as the runtime has written the first of these
// answers: it is neither put together again nor written in parts. Where the runtime keeps its answers in another way than here, every
// answer is written as ever.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Representation } from './representation.ts';

/** A copy of longer ones would cost more memory than it saves time. */
const MAX_BODY_BYTES = 65_536;

/** As the runtime writes it: RFC 9110 section 6.6.1. */
const DATE = /^Date: [^\r]*/m;

/** What the runtime keeps of an answer, without documenting it. */
interface Outgoing {
  /** The status line and the headers as they are sent; null until they are written. */
  _header?: string | null;
  _headerSent?: boolean;
  /** Whether the connection ends with it. */
  readonly _last?: boolean;
}

interface Prepared {
  /** The Date header is of this one. */
  readonly second: number;
  readonly header: string;
  readonly bytes: Buffer;
}

const prepared = new WeakMap<Representation, Prepared>();

const secondNow = (): number => Math.floor(Date.now() / 1_000);

/** Whether its answer is that of others too: GET over HTTP/1.1 on a connection that goes on, with no header of its own. */
export function canPrepare(
  request: IncomingMessage,
  response: ServerResponse,
  { body, acceptsRanges }: Representation,
): boolean {
  return (
    request.method === 'GET' &&
    request.httpVersion === '1.1' &&
    !acceptsRanges &&
    body.byteLength <= MAX_BODY_BYTES &&
    response.shouldKeepAlive &&
    (response as Outgoing)._header === null &&
    response.getHeaderNames().length === 0
  );
}

/** Keeps what was written, for those that follow. Call it between head and body. */
export function prepare(response: ServerResponse, what: Representation): void {
  const { _header: header, _last: isLast } = response as Outgoing;
  if (typeof header !== 'string' || isLast === true) return;
  const bytes = Buffer.concat([Buffer.from(header, 'latin1'), what.body]);
  prepared.set(what, { second: secondNow(), header, bytes });
}

/** What an answer to a request like those before is now; undefined: none was written yet. */
export function preparedBytes(what: Representation): Buffer | undefined {
  const ready = prepared.get(what);
  const second = secondNow();
  if (ready === undefined || ready.second === second) return ready?.bytes;
  const header = ready.header.replace(DATE, `Date: ${new Date(second * 1_000).toUTCString()}`);
  const bytes = Buffer.concat([Buffer.from(header, 'latin1'), what.body]);
  prepared.set(what, { second, header, bytes });
  return bytes;
}

/** @returns whether it was sent */
export function sendPrepared(response: ServerResponse, what: Representation): boolean {
  const { socket } = response;
  // An answer that waits behind another one of its connection has no socket yet.
  const bytes = socket === null ? undefined : preparedBytes(what);
  if (socket === null || bytes === undefined) return false;
  const outgoing = response as Outgoing;
  outgoing._header = prepared.get(what)!.header;
  outgoing._headerSent = true;
  socket.write(bytes);
  response.end();
  return true;
}
