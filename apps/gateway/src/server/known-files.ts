// Requests that differ from one that was parsed in the name of their file alone: what tells them is compared byte by byte, and a name has
// only characters that mean nothing to a parser. Everything else is for the parser.
import type { IncomingMessage } from 'node:http';

/** Longer requests are parsed each time: what is kept of a connection stays small. */
const MAX_REQUEST_BYTES = 2_048;
/** Of a file that is asked for. */
const MAX_NAME_BYTES = 64;
const LINE_END = '\r\n';
/** Letters, digits, and what stands between them in names of files: by the number of the character. */
const NAME_BYTES = Uint8Array.from({ length: 256 }, (_, code) => (/[\w.-]/.test(String.fromCharCode(code)) ? 1 : 0));
const HEAD_END = '\r\n\r\n';

export class KnownFiles {
  /** Up to the name, and behind it. */
  readonly #start: Buffer;
  readonly #end: Buffer;

  private constructor(start: Buffer, end: Buffer) {
    this.#start = start;
    this.#end = end;
  }

  /**
   * The files beside the one that a request asks for.
   *
   * @param bytes of the whole request
   * @returns undefined where its address is not that of a file, or has a query
   */
  static of(bytes: Buffer, { method, url = '' }: Pick<IncomingMessage, 'method' | 'url'>): KnownFiles | undefined {
    const targetAt = `${method} `.length;
    const nameAt = targetAt + url.lastIndexOf('/') + 1;
    const known = new KnownFiles(
      Buffer.from(bytes.subarray(0, nameAt)),
      Buffer.from(bytes.subarray(targetAt + url.length)),
    );
    return url.includes('?') || known.nameIn(bytes) === undefined ? undefined : known;
  }

  /** The file that these bytes ask for; undefined where they are anything else than the request for one. */
  nameIn(bytes: Buffer): string | undefined {
    const start = this.#start;
    const end = this.#end;
    const nameEnd = bytes.length - end.length;
    const length = nameEnd - start.length;
    if (length < 1 || length > MAX_NAME_BYTES) return undefined;
    if (bytes.compare(end, 0, end.length, nameEnd) !== 0) return undefined;
    if (bytes.compare(start, 0, start.length, 0, start.length) !== 0) return undefined;
    for (let at = start.length; at < nameEnd; at++) if (NAME_BYTES[bytes[at]!] !== 1) return undefined;
    return bytes.toString('latin1', start.length, nameEnd);
  }
}

/**
 * Whether these bytes are this request and nothing else. Were they the rest of one whose beginning was read before, their first line
 * would be part of a header, and the request had one header more than they have lines.
 */
export function isWhole(bytes: Buffer, { method, url, rawHeaders, httpVersion, complete }: IncomingMessage): boolean {
  if (!complete || bytes.byteLength > MAX_REQUEST_BYTES) return false;
  const text = bytes.toString('latin1');
  if (!text.startsWith(`${method} ${url} HTTP/${httpVersion}${LINE_END}`)) return false;
  if (text.indexOf(HEAD_END) !== text.length - HEAD_END.length) return false;
  let lines = 0;
  for (let at = text.indexOf(LINE_END); at >= 0; at = text.indexOf(LINE_END, at + LINE_END.length)) lines++;
  return lines === rawHeaders.length / 2 + 2;
}
