// RTSP through HTTP, as Apple describes it in "Tunnelling RTSP and RTP over HTTP": a client opens two connections with the same session
// cookie. The answer to its GET has no end and carries what the server sends; the body of its POST has no end either and carries the
// client's requests, in base 64.
import { ProtocolError } from '../bytes/index.ts';

export type TunnelMethod = 'GET' | 'POST';

export interface TunnelRequest {
  readonly method: TunnelMethod;
  /** What both connections of one client have in common. */
  readonly cookie: string;
  /** What came behind the head: the beginning of a body. */
  readonly rest: Buffer;
}

/** Clients send 16 to 22 characters. A shorter cookie could be guessed. */
export const MIN_COOKIE_LENGTH = 8;
export const MAX_COOKIE_LENGTH = 128;
/** More than a client sends. */
const MAX_HEADERS = 64;

const METHODS: readonly TunnelMethod[] = ['GET', 'POST'];
const REQUEST_LINE = /^(GET|POST) \S{1,4096} HTTP\/1\.[01]$/;
const COOKIE = new RegExp(`^[\\x21-\\x7e]{${MIN_COOKIE_LENGTH},${MAX_COOKIE_LENGTH}}$`);

/** Whether a connection that begins with these bytes is one of a tunnel: no method of RTSP is called so. Undefined: more bytes tell. */
export function isTunnelBeginning(bytes: Uint8Array): boolean | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 5)).toString('latin1');
  if (METHODS.some((method) => text.startsWith(`${method} `))) return true;
  return METHODS.some((method) => `${method} `.startsWith(text)) ? undefined : false;
}

/**
 * @param bytes that have come so far
 * @returns undefined when the head is not whole
 * @throws ProtocolError
 */
export function readTunnelRequest(bytes: Buffer, maxHeadBytes: number): TunnelRequest | undefined {
  const end = endOfHead(bytes.subarray(0, maxHeadBytes));
  if (end === undefined) {
    if (bytes.length >= maxHeadBytes) malformed(`a head of more than ${maxHeadBytes} bytes`);
    return undefined;
  }
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).trimEnd().split(/\r?\n/);
  const method = REQUEST_LINE.exec(first)?.[1];
  if (method !== 'GET' && method !== 'POST') malformed('not a request of HTTP 1');
  if (lines.length > MAX_HEADERS) malformed(`more than ${MAX_HEADERS} headers`);
  let cookie: string | undefined;
  for (const line of lines) {
    const [, name, value = ''] = /^([^\s:]{1,128}):(.*)$/.exec(line) ?? [];
    if (name?.toLowerCase() !== 'x-sessioncookie') continue;
    if (cookie !== undefined) malformed('two session cookies');
    cookie = value.trim();
  }
  if (cookie === undefined) malformed('only RTSP is served here, and RTSP through HTTP with a session cookie');
  if (!COOKIE.test(cookie))
    malformed(`a session cookie that is not of ${MIN_COOKIE_LENGTH} to ${MAX_COOKIE_LENGTH} visible characters`);
  return { method, cookie, rest: bytes.subarray(end) };
}

/** Behind the empty line. */
function endOfHead(bytes: Buffer): number | undefined {
  const ends = ['\r\n\r\n', '\n\n'].map((mark) => [bytes.indexOf(mark), mark.length] as const);
  const found = ends.filter(([at]) => at >= 0).map(([at, length]) => at + length);
  return found.length === 0 ? undefined : Math.min(...found);
}

/** What a GET is answered with; everything behind it is RTSP. */
export function formatTunnelOpened(server: string): Buffer {
  return formatHttp('200 OK', [
    ['Server', server],
    ['Connection', 'close'],
    ['Cache-Control', 'no-store'],
    ['Pragma', 'no-cache'],
    ['Content-Type', 'application/x-rtsp-tunnelled'],
  ]);
}

/** What a GET or a POST is answered with that belongs to no tunnel. @param detail not chosen by the peer */
export function formatTunnelRefused(status: 400 | 404 | 409 | 503, detail: string): Buffer {
  const body = `${detail}\n`;
  return formatHttp(
    `${status} ${detail}`,
    [
      ['Connection', 'close'],
      ['Content-Type', 'text/plain'],
      ['Content-Length', String(body.length)],
    ],
    body,
  );
}

const formatHttp = (first: string, headers: readonly (readonly [string, string])[], body = ''): Buffer =>
  Buffer.from(
    `HTTP/1.0 ${first}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    'latin1',
  );

const BLANKS = /[\r\n\t ]+/g;
const ALPHABET = /^[A-Za-z0-9+/=]*$/;
/** Some whole groups of four characters, and perhaps one with padding, which ends what a client encoded at once. */
const ENCODED_AT_ONCE = /[^=]+={0,2}/gy;
const GROUP = 4;

/** Requests out of base 64: clients encode each by itself, with padding, or all of them as one text. */
export class TunnelBodyReader {
  /** Less than a group. */
  #pending = '';

  /** @throws ProtocolError for what is not base 64: nothing more can be read then */
  push(bytes: Buffer): Buffer {
    const text = this.#pending + bytes.toString('latin1').replaceAll(BLANKS, '');
    if (!ALPHABET.test(text)) malformed('a body that is not base 64');
    const whole = text.slice(0, text.length - (text.length % GROUP));
    this.#pending = text.slice(whole.length);
    const parts: Buffer[] = [];
    ENCODED_AT_ONCE.lastIndex = 0;
    for (let at = 0; at < whole.length;) {
      const part = ENCODED_AT_ONCE.exec(whole)?.[0] ?? '';
      if (part.length === 0 || part.length % GROUP !== 0) malformed('padding inside of a group of base 64');
      parts.push(Buffer.from(part, 'base64'));
      at += part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}

function malformed(detail: string): never {
  throw new ProtocolError('rtsp.tunnel', 'rtsp/http-tunnel', detail);
}
