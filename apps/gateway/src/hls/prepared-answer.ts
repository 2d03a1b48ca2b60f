// What many viewers ask for within a second leaves as the runtime has written the first of these answers: playlists as one buffer, headers
// and body, segments behind the same headers. Where the runtime keeps its answers in another way than here, every answer is written as
// ever.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Representation } from './representation.ts';

/** A copy of longer ones would cost more memory than it saves time. */
const MAX_BODY_BYTES = 65_536;

const LINE_END = '\r\n';
const STATUS_LINE = `HTTP/1.1 200 OK${LINE_END}`;

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
  /** What is written, in this order. */
  readonly parts: readonly Uint8Array[];
}

const prepared = new WeakMap<Representation, Prepared>();

const secondNow = (): number => Math.floor(Date.now() / 1_000);

/** Whether its answer is that of others too: GET over HTTP/1.1 on a connection that goes on, with no header of its own. */
export function canPrepare(
  request: IncomingMessage,
  response: ServerResponse,
  { acceptsRanges }: Representation,
): boolean {
  return (
    request.method === 'GET' &&
    request.httpVersion === '1.1' &&
    !(acceptsRanges && request.headers.range !== undefined) &&
    response.shouldKeepAlive &&
    (response as Outgoing)._header === null &&
    response.getHeaderNames().length === 0
  );
}

/** Keeps what was written, for those that follow. Call it between head and body. */
export function prepare(response: ServerResponse, what: Representation): void {
  const { _header: header, _last: isLast } = response as Outgoing;
  if (typeof header !== 'string' || isLast === true) return;
  keep(what, header, secondNow());
}

/**
 * What the runtime has written behind the headers of an answer, which is the same for all of a connection; undefined where it writes in
 * another way than here.
 */
export function endOfHead(response: ServerResponse, what: Representation): string | undefined {
  const { _header: header, _last: isLast } = response as Outgoing;
  const begin = beginOfHead(what);
  return typeof header === 'string' && isLast !== true && header.startsWith(begin)
    ? header.slice(begin.length)
    : undefined;
}

/**
 * What an answer to a request like those before is now, in parts.
 *
 * @param end what `endOfHead` has said of an earlier answer
 * @returns undefined: neither is known
 */
export function preparedParts(what: Representation, end?: string): readonly Uint8Array[] | undefined {
  const ready = prepared.get(what);
  const second = secondNow();
  if (ready?.second === second) return ready.parts;
  const header = ready?.header ?? (end === undefined ? undefined : beginOfHead(what) + end);
  if (header === undefined) return undefined;
  return keep(what, header.replace(DATE, `Date: ${new Date(second * 1_000).toUTCString()}`), second);
}

function beginOfHead({ headers, body }: Representation): string {
  let text = STATUS_LINE;
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}${LINE_END}`;
  return `${text}content-length: ${body.byteLength}${LINE_END}`;
}

function keep(what: Representation, header: string, second: number): readonly Uint8Array[] {
  const head = Buffer.from(header, 'latin1');
  const parts = isJoined(what) ? [Buffer.concat([head, what.body])] : [head, what.body];
  prepared.set(what, { second, header, parts });
  return parts;
}

const isJoined = ({ body, acceptsRanges }: Representation): boolean =>
  !acceptsRanges && body.byteLength <= MAX_BODY_BYTES;

/** @returns whether it was sent */
export function sendPrepared(response: ServerResponse, what: Representation): boolean {
  const { socket } = response;
  // An answer that waits behind another one of its connection has no socket yet.
  const parts = socket === null || !isJoined(what) ? undefined : preparedParts(what);
  if (socket === null || parts === undefined) return false;
  const outgoing = response as Outgoing;
  outgoing._header = prepared.get(what)!.header;
  outgoing._headerSent = true;
  socket.write(parts[0]!);
  response.end();
  return true;
}
