// Takes the header off the beginning of a connection, however that comes.
import { ProtocolError } from '../bytes/index.ts';
import { decodeProxyHeader, PROXY_PREFIX_BYTES, PROXY_SIGNATURE, proxyHeaderBytes } from './proxy-header.ts';
import type { ProxyHeader } from './proxy-header.ts';

/** Addresses of sockets of the file system and a few TLVs. A certificate in them would need more, and is not used here. */
export const MAX_PROXY_HEADER_BYTES = 2_048;

const VERSION_1 = Buffer.from('PROXY ');

export interface ReadProxyHeader {
  readonly header: ProxyHeader;
  /** What came behind it: a view of what was pushed last. */
  readonly rest: Buffer;
}

export class ProxyHeaderReader {
  readonly #maxBytes: number;
  #held: Buffer = Buffer.alloc(0);

  /** @param maxBytes a longer header is refused as soon as it says how long it is */
  constructor(maxBytes = MAX_PROXY_HEADER_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that wait for the rest of the header. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /**
   * @returns undefined when more has to come first
   * @throws ProtocolError when the connection does not begin with a header; it must be closed then
   */
  push(bytes: Buffer): ReadProxyHeader | undefined {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    if (!beginsAs(all, PROXY_SIGNATURE)) {
      if (!beginsAs(all, VERSION_1)) throw new ProtocolError('proxy.signature', 'proxy/prefix', 'no PROXY header');
      if (all.length >= VERSION_1.length) {
        throw new ProtocolError('proxy.version-1', 'proxy/prefix', 'version 1, the text; version 2 is needed');
      }
    }
    const size = all.length < PROXY_PREFIX_BYTES ? undefined : proxyHeaderBytes(all);
    if (size !== undefined && size > this.#maxBytes) {
      throw new ProtocolError(
        'proxy.too-long',
        'proxy/prefix',
        `${size} bytes, at most ${this.#maxBytes} are accepted`,
      );
    }
    if (size === undefined || all.length < size) {
      // A copy: what was pushed is read into again.
      this.#held = all === bytes ? Buffer.from(bytes) : all;
      return undefined;
    }
    const header = decodeProxyHeader(all.subarray(0, size));
    return { header, rest: all.subarray(size) };
  }
}

/** Whether one of both begins with the other. */
function beginsAs(bytes: Buffer, known: Buffer): boolean {
  const length = Math.min(bytes.length, known.length);
  return bytes.subarray(0, length).equals(known.subarray(0, length));
}
