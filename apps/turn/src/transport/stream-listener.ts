// A TCP port that clients connect to, with or without TLS.
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer } from 'node:tls';
import { peerNetwork } from '@millrace/service-kit';
import type { Certificate, ConnectionLimits, ConnectionPlace } from '@millrace/service-kit';
import type { Counters } from '../counters.ts';
import { familyOf, unmapIp } from '../peers/ip-address.ts';
import type { ClientFlow } from '../allocation/client-flow.ts';
import { descriptorOf, limitNotSent } from './socket-options.ts';
import { StreamConnection } from './stream-connection.ts';

/** A dead client behind a silent network is noticed by the kernel. */
const KEEP_ALIVE_MS = 15_000;
/** What waits in the system cannot be dropped any more: at a megabit a second this takes 65 ms. */
const MOST_NOT_SENT_BYTES = 8_192;
/** RFC 7443 section 2: what a client may name in its handshake. */
const ALPN_PROTOCOLS = ['stun.turn', 'stun.nat-discovery'];

export interface StreamListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly shared: boolean;
  /** With it the port speaks TLS. */
  readonly certificate?: Certificate | undefined;
  readonly counters: Counters;
  /** Shared by all listeners of a thread. */
  readonly limits: ConnectionLimits;
  readonly maxConnections: number;
  readonly idleMs: number;
  readonly maxUnsentBytes: number;
  readonly maxUnsentMs: number;
  readonly receive: (flow: ClientFlow, bytes: Buffer) => void;
  readonly onFlowClosed: (flow: ClientFlow) => void;
}

export class StreamListener {
  readonly #options: StreamListenerOptions;
  readonly #server: Server;
  readonly #transport: 'tcp' | 'tls';
  readonly #connections = new Set<StreamConnection>();
  /** By the client's address and port: with TLS the socket that is admitted is another object than the one that is read. */
  readonly #places = new Map<string, ConnectionPlace>();

  constructor(options: StreamListenerOptions) {
    this.#options = options;
    this.#transport = options.certificate ? 'tls' : 'tcp';
    this.#server = options.certificate ? this.#tlsServer(options.certificate) : this.#plainServer();
  }

  /** @returns the port it listens on */
  async open(): Promise<number> {
    const { host, port, shared } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, reusePort: shared, ipv6Only: true, exclusive: true }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    // Accepting fails when no more files may be open; it goes on by itself.
    this.#server.on('error', () => this.#options.counters.dropped('no_socket'));
    return (this.#server.address() as AddressInfo).port;
  }

  /** New connections use this certificate. @throws when key and certificate do not fit each other */
  replaceCertificate(certificate: Certificate): void {
    if (this.#transport === 'tls') (this.#server as TlsServer).setSecureContext(certificate);
  }

  /** Closes the port and every connection. */
  close(): void {
    if (this.#server.listening) this.#server.close();
    for (const connection of [...this.#connections]) connection.close();
  }

  #plainServer(): Server {
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    return createServer(options, (socket) => {
      if (this.#admit(socket)) this.#accept(socket);
    });
  }

  /** A place is taken before the handshake, so that handshakes are bounded too. */
  #tlsServer(certificate: Certificate): Server {
    const { idleMs } = this.#options;
    const server = createTlsServer({
      ...certificate,
      handshakeTimeout: idleMs,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      ALPNProtocols: ALPN_PROTOCOLS,
    });
    server.on('connection', (socket: Socket) => void this.#admit(socket));
    server.on('secureConnection', (socket) => this.#accept(socket));
    server.on('tlsClientError', (_error, socket) => {
      this.#options.counters.dropped('not_stun');
      socket.destroy();
    });
    return server;
  }

  /** @returns whether there is room; else the socket is gone */
  #admit(socket: Socket): boolean {
    const { limits, counters, maxConnections } = this.#options;
    const { remoteAddress = '', remotePort = 0 } = socket;
    const place = limits.takePlace(peerNetwork(unmapIp(remoteAddress)));
    if (!place) {
      counters.met(limits.total >= maxConnections ? 'max_connections' : 'max_connections_per_address');
      socket.destroy();
      return false;
    }
    counters.connections(this.#transport, 1);
    limitNotSent(descriptorOf(socket), MOST_NOT_SENT_BYTES);
    const client = clientName(remoteAddress, remotePort);
    this.#places.set(client, place);
    socket.once('close', () => {
      this.#places.delete(client);
      place.release();
      counters.connections(this.#transport, -1);
    });
    return true;
  }

  #accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    const address = unmapIp(remoteAddress);
    const { counters, idleMs, maxUnsentBytes, maxUnsentMs, receive, onFlowClosed } = this.#options;
    const connection = new StreamConnection({
      transport: this.#transport,
      socket,
      counters,
      idleMs,
      maxUnsentBytes,
      maxUnsentMs,
      receive,
      remote: { family: familyOf(address), address, port: remotePort },
      onProven: () => this.#places.get(clientName(remoteAddress, remotePort))?.prove(),
      onClosed: (closed) => {
        this.#connections.delete(closed);
        onFlowClosed(closed);
      },
    });
    this.#connections.add(connection);
  }
}

const clientName = (address: string, port: number): string => `${port}|${address}`;
