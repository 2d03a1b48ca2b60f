// RFC 2326 section 4 and section 10.12: messages, with frames of binary data between them, out of a stream of bytes.
import { isUtf8 } from 'node:buffer';
import { ProtocolError } from '../bytes/index.ts';
import { INTERLEAVED_HEADER_BYTES, INTERLEAVED_MARK } from './interleaved.ts';
import { malformed } from './rtsp-message.ts';
import type { RtspHeaders, RtspRequest, RtspResponse } from './rtsp-message.ts';

export interface RtspReaderLimits {
  /** The first line and all headers of a message. */
  readonly maxHeadBytes: number;
  readonly maxHeaders: number;
  readonly maxBodyBytes: number;
}

export const DEFAULT_RTSP_READER_LIMITS: RtspReaderLimits = {
  maxHeadBytes: 16 * 1024,
  maxHeaders: 64,
  maxBodyBytes: 64 * 1024,
};

export type RtspItem =
  | { readonly kind: 'request'; readonly request: RtspRequest }
  | { readonly kind: 'response'; readonly response: RtspResponse }
  /** `packet` is a view of what was pushed. */
  | { readonly kind: 'frame'; readonly channel: number; readonly packet: Buffer };

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);

const REQUEST_LINE = /^([A-Z_]{1,32}) (\S{1,4096}) (RTSP)\/(\d)\.(\d)$/;
const STATUS_LINE = /^RTSP\/1\.\d (\d{3})(?: (.*))?$/s;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128})\s*:(.*)$/s;

/** A message whose head is there, while its body is not. */
interface Head {
  readonly first: string;
  readonly headers: RtspHeaders;
  readonly bodyBytes: number;
}

/** Pushed bytes are kept until they have been taken: push no more than there is memory for, and not before `next` has none. */
export class RtspReader {
  readonly #limits: RtspReaderLimits;
  #bytes: Buffer = NOTHING;
  #at = 0;
  /** How far the end of a head has been looked for. */
  #scanned = 0;
  #head: Head | undefined;

  constructor(limits: RtspReaderLimits = DEFAULT_RTSP_READER_LIMITS) {
    this.#limits = limits;
  }

  /** How many bytes wait. */
  get heldBytes(): number {
    return this.#bytes.length - this.#at;
  }

  /** @param bytes not to be changed any more: what is read are views of them */
  push(bytes: Buffer): void {
    this.#bytes = this.heldBytes === 0 ? bytes : Buffer.concat([this.#bytes.subarray(this.#at), bytes]);
    this.#scanned = Math.max(0, this.#scanned - this.#at);
    this.#at = 0;
  }

  /** @returns undefined when more bytes are needed. @throws ProtocolError after which nothing more can be read */
  next(): RtspItem | undefined {
    if (this.#head !== undefined) return this.#withBody(this.#head);
    // "Servers SHOULD ignore any empty lines" before a message, as HTTP has it (RFC 9112 section 2.2).
    while (this.#bytes[this.#at] === CR || this.#bytes[this.#at] === LF) this.#at++;
    if (this.heldBytes === 0) return undefined;
    if (this.#bytes[this.#at] === INTERLEAVED_MARK) return this.#frame();
    const end = this.#endOfHead();
    if (end === undefined) return undefined;
    const text = textOf(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    this.#scanned = end;
    this.#head = this.#readHead(text);
    return this.#withBody(this.#head);
  }

  #frame(): RtspItem | undefined {
    if (this.heldBytes < INTERLEAVED_HEADER_BYTES) return undefined;
    const from = this.#at + INTERLEAVED_HEADER_BYTES;
    const end = from + this.#bytes.readUInt16BE(this.#at + 2);
    if (end > this.#bytes.length) return undefined;
    const channel = this.#bytes.readUInt8(this.#at + 1);
    this.#at = end;
    return { kind: 'frame', channel, packet: this.#bytes.subarray(from, end) };
  }

  /** Behind the empty line that ends a head. Lines may end in a line feed alone. */
  #endOfHead(): number | undefined {
    const { maxHeadBytes } = this.#limits;
    // What can be no message is not waited for: a method is of upper-case letters, and so is "RTSP/1.0".
    if (!/[A-Z]/.test(String.fromCharCode(this.#bytes.readUInt8(this.#at)))) malformed('head', 'not an RTSP message');
    for (let at = this.#bytes.indexOf(LF, Math.max(this.#scanned, this.#at)); at >= 0;) {
      const next = this.#bytes[at + 1] === CR ? at + 2 : at + 1;
      if (at - this.#at >= maxHeadBytes) break;
      if (next >= this.#bytes.length) {
        this.#scanned = at;
        return this.#waitForHead();
      }
      if (this.#bytes[next] === LF) return next + 1;
      at = this.#bytes.indexOf(LF, at + 1);
    }
    this.#scanned = this.#bytes.length;
    return this.#waitForHead();
  }

  #waitForHead(): undefined {
    if (this.heldBytes > this.#limits.maxHeadBytes) malformed('head', `more than ${this.#limits.maxHeadBytes} bytes`);
    return undefined;
  }

  #readHead(text: string): Head {
    if (text.length > this.#limits.maxHeadBytes) malformed('head', `more than ${this.#limits.maxHeadBytes} bytes`);
    const [first = '', ...lines] = text.split(/\r?\n/);
    const headers = new Map<string, string>();
    let last: string | undefined;
    let count = 0;
    for (const line of lines) {
      if (line === '') continue;
      if (++count > this.#limits.maxHeaders) malformed('head', `more than ${this.#limits.maxHeaders} headers`);
      if (line.includes('\0') || line.includes('\r')) malformed('head', 'a control character');
      // Section 4.2: a line that begins with white space goes on with the one before.
      if ((line.startsWith(' ') || line.startsWith('\t')) && last !== undefined) {
        headers.set(last, `${headers.get(last)} ${line.trim()}`);
        continue;
      }
      const [, name = malformed('head', 'a line that is no header'), value = ''] = HEADER.exec(line) ?? [];
      last = name.toLowerCase();
      const known = headers.get(last);
      if (known !== undefined && last === 'content-length' && known !== value.trim())
        malformed('content-length', 'two different lengths');
      headers.set(last, known === undefined || last === 'content-length' ? value.trim() : `${known}, ${value.trim()}`);
    }
    return { first, headers, bodyBytes: this.#bodyBytes(headers) };
  }

  #bodyBytes(headers: RtspHeaders): number {
    const text = headers.get('content-length');
    if (text === undefined) return 0;
    if (!/^\d{1,10}$/.test(text)) malformed('content-length', 'not a number');
    if (Number(text) <= this.#limits.maxBodyBytes) return Number(text);
    throw new ProtocolError('rtsp.too-large', 'rtsp/content-length', `more than ${this.#limits.maxBodyBytes} bytes`);
  }

  #withBody(head: Head): RtspItem | undefined {
    if (this.heldBytes < head.bodyBytes) return undefined;
    const body = this.#bytes.subarray(this.#at, this.#at + head.bodyBytes);
    this.#at += head.bodyBytes;
    this.#head = undefined;
    return itemOf(head, body);
  }
}

/** Section 4: "the ISO 10646 character set in UTF-8 encoding"; older devices use ISO 8859-1. */
const textOf = (bytes: Buffer): string => bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');

function itemOf({ first, headers }: Head, body: Buffer): RtspItem {
  const status = STATUS_LINE.exec(first);
  if (status !== null)
    return { kind: 'response', response: { status: Number(status[1]), reason: status[2] ?? '', headers, body } };
  const [, method, uri, , major] = REQUEST_LINE.exec(first) ?? [];
  if (method === undefined || uri === undefined) malformed('request-line', 'not a request of RTSP');
  if (major !== '1') throw new ProtocolError('rtsp.version', 'rtsp/request-line', 'only RTSP 1.0 is spoken');
  return { kind: 'request', request: { method, uri, headers, body } };
}
