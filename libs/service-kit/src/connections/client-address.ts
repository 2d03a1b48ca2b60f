// Who is behind a request: the peer of the connection, or, where that is a trusted proxy, the client that it names.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { AddressRanges } from './address-ranges.ts';
import { peerAddress } from './peer-address.ts';

/** The header that the proxies write. Only one is read: a proxy that writes one of them passes the other on as a client sent it. */
export const FORWARDING_HEADERS = ['x-forwarded-for', 'forwarded'] as const;
export type ForwardingHeader = (typeof FORWARDING_HEADERS)[number];

/** How many proxies in a row are looked at. */
const MAX_HOPS = 16;
/** RFC 7239 section 4: the `for` parameter of an element; its value is a token or a quoted string. */
const FOR_PARAMETER = /(?:^|;)\s*for\s*=\s*(?:"([^"]{0,64})"|([^\s;",]{1,64}))\s*(?:;|$)/i;
/** RFC 7239 section 5.4. */
const PROTO_PARAMETER = /(?:^|;)\s*proto\s*=\s*"?https"?\s*(?:;|$)/i;
/** An IPv6 address in brackets, or an IPv4 address, each with a port or without; RFC 7239 section 6, and what Azure writes. */
const NODE = /^(?:\[([0-9a-f:.]{2,45})\]|([0-9.]{7,15}))(?::\d{1,5})?$/i;

/** Where a connection keeps what its PROXY header said. A property, so that it is seen through the socket of an HTTP/2 stream too. */
const SOURCE = Symbol('source of a connection');
type WithSource = Socket & { [SOURCE]?: string };

export interface ClientAddressOptions {
  /** Proxies that are believed. */
  readonly trusted: AddressRanges;
  readonly header: ForwardingHeader;
}

export class ClientAddresses {
  readonly #options: ClientAddressOptions;

  constructor(options: ClientAddressOptions) {
    this.#options = options;
  }

  isTrusted(address: string): boolean {
    return this.#options.trusted.includes(address);
  }

  /** Notes what the PROXY header of a connection said. */
  setSource(socket: Socket, address: string): void {
    (socket as WithSource)[SOURCE] = address;
  }

  /** The peer of a connection: as its PROXY header has it, else that of the socket. */
  peerOf(socket: Socket): string {
    return (socket as WithSource)[SOURCE] ?? peerAddress(socket.remoteAddress);
  }

  /** Whether the client spoke TLS to a trusted proxy: to any one, where several are in a row. */
  isHttps(request: IncomingMessage): boolean {
    if ('encrypted' in request.socket) return true;
    const { trusted, header } = this.#options;
    if (!trusted.includes(this.peerOf(request.socket))) return false;
    const text = request.headers[header === 'forwarded' ? 'forwarded' : 'x-forwarded-proto'];
    const list = (Array.isArray(text) ? text.join(',') : (text ?? '')).split(',', MAX_HOPS);
    return list.some((element) =>
      header === 'forwarded' ? PROTO_PARAMETER.test(element) : element.trim().toLowerCase() === 'https',
    );
  }

  /**
   * The client of a request. Proxies add the address that they see at the end: so the list is read from there, as far as those
   * that wrote it are trusted. Anything before that may have been written by the client.
   */
  of(request: IncomingMessage): string {
    const peer = this.peerOf(request.socket);
    const { trusted, header } = this.#options;
    const text = request.headers[header];
    if (text === undefined || !trusted.includes(peer)) return peer;
    const list = Array.isArray(text) ? text.join(',') : text;
    const nodeOf = header === 'forwarded' ? forwardedNode : plainNode;
    let client = peer;
    let end = list.length;
    for (let hop = 0; hop < MAX_HOPS && end > 0; hop++) {
      const start = list.lastIndexOf(',', end - 1);
      const address = nodeOf(list.slice(start + 1, end).trim());
      // `unknown` and hidden names (RFC 7239 section 6): the last proxy that is known answers for its client.
      if (address === undefined) return client;
      client = address;
      if (!trusted.includes(address)) return client;
      end = start;
    }
    return client;
  }
}

const forwardedNode = (element: string): string | undefined => {
  const [, quoted, token] = FOR_PARAMETER.exec(element) ?? [];
  return plainNode(quoted ?? token ?? '');
};

function plainNode(text: string): string | undefined {
  const [, bracketed, dotted] = NODE.exec(text) ?? [];
  const address = bracketed ?? dotted ?? text;
  if (isIP(address) === 0) return undefined;
  // A copy: V8 makes a part of a string a view, which would keep the whole header alive wherever the address is kept.
  return peerAddress(Buffer.from(address, 'latin1').toString('latin1'));
}
