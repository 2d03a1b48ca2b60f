// A TCP port of an edge: accepts connections within the limits and keeps them until they are gone.
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer } from 'node:tls';
import { listenOn, peerAddress, peerNetwork } from '@millrace/service-kit';
import type { AddressRanges, Certificate, ConnectionLimits, Logger } from '@millrace/service-kit';
import type { Ingest } from '../ingest.ts';
import type { EncoderPeer } from '../publish/encoder-peer.ts';
import type { OpenConnection } from '../publish/open-connections.ts';
import { ProxyProtocolListener } from './proxy-protocol-listener.ts';

/** A dead peer behind a silent network is noticed by the kernel. */
const KEEP_ALIVE_MS = 15_000;
const TCP = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };

/** A connection as its port knows it. */
export interface TcpConnection extends OpenConnection {
  /** Called once, when the socket is gone. */
  onGone: (() => void) | undefined;
  /** The edge stops: says so where the protocol can, and closes. */
  drain(): void;
}

/** What a protocol makes of an accepted connection. */
export interface TcpProtocol<Connection extends TcpConnection> {
  /** Of the port without TLS and of that with it: values of `EncoderPeer.protocol`. */
  readonly plain: string;
  readonly secure: string;
  readonly create: (peer: EncoderPeer, socket: Socket) => Connection;
  /**
   * Begins to read; the socket is paused.
   *
   * @param isUntouched nothing has read from the socket, neither TLS nor the PROXY protocol
   */
  readonly begin: (connection: Connection, socket: Socket, isUntouched: boolean) => void;
}

export interface TcpListenerOptions<Connection extends TcpConnection> {
  readonly protocol: TcpProtocol<Connection>;
  readonly ingest: Ingest;
  readonly logger: Logger;
  /** Shared by all ports of an edge. */
  readonly limits: ConnectionLimits;
  readonly maxConnections: number;
  /** How long a client may take for the TLS handshake, and a load balancer for its header, in milliseconds. */
  readonly handshakeMs: number;
  /** With it the port speaks TLS. */
  readonly certificate: Certificate | undefined;
  /** With it every connection comes from one of these load balancers, and begins with its PROXY header. */
  readonly proxies: AddressRanges | undefined;
}

export class TcpListener<Connection extends TcpConnection> {
  readonly #options: TcpListenerOptions<Connection>;
  readonly #name: string;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #proxied: ProxyProtocolListener | undefined;
  /** Addresses of clients behind balancers, by the balancer's own address and port. */
  readonly #clients = new Map<string, string>();
  readonly #connections = new Set<Connection>();
  #onEmpty: (() => void) | undefined;

  constructor(options: TcpListenerOptions<Connection>) {
    const { protocol, certificate, proxies } = options;
    this.#options = options;
    this.#name = certificate ? protocol.secure : protocol.plain;
    this.#tls = certificate && this.#tlsServer(certificate);
    this.#proxied = proxies && this.#proxyListener(proxies);
    this.#server = this.#proxied ? this.#proxiedServer(this.#proxied) : (this.#tls ?? this.#plainServer());
  }

  /** @returns where it listens */
  async listen(host: string, port: number): Promise<AddressInfo> {
    const place = await listenOn(this.#server, { host, port });
    this.#server.on('error', (error) => this.#options.logger.error({ err: error }, 'could not accept a connection'));
    return place;
  }

  /** Accepts nothing more. Connections go on. */
  close(): void {
    if (this.#server.listening) this.#server.close();
  }

  /** The connections that are open now. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Resolves once the last connection is gone. */
  async emptied(): Promise<void> {
    this.#proxied?.close();
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  /** New connections use this certificate. @throws when key and certificate do not fit each other */
  replaceCertificate(certificate: Certificate): void {
    this.#tls?.setSecureContext(certificate);
  }

  #plainServer(): Server {
    return createServer({ ...TCP, pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  #accept(socket: Socket): void {
    const peer = this.#peerOf(socket);
    const release = this.#take(peer);
    if (release) this.#open(peer, release, socket);
    else socket.destroy();
  }

  #proxiedServer(proxied: ProxyProtocolListener): Server {
    return createServer(TCP, (socket) => proxied.accept(socket));
  }

  #proxyListener(from: AddressRanges): ProxyProtocolListener {
    const onClient = (socket: Socket, address: string): void => {
      const name = nameOf(socket);
      this.#clients.set(name, address);
      socket.once('close', () => void this.#clients.delete(name));
      if (this.#tls) this.#tls.emit('connection', socket);
      else this.#accept(socket);
    };
    const { ingest, logger, maxConnections, handshakeMs } = this.#options;
    return new ProxyProtocolListener({
      metrics: ingest.metrics,
      logger,
      maxConnections,
      handshakeMs,
      from,
      onClient,
    });
  }

  /** A place is taken before the TLS handshake and released when the socket is gone, whatever has become of it. */
  #tlsServer(certificate: Certificate): TlsServer {
    const { handshakeMs: handshakeTimeout, ingest } = this.#options;
    const server = createTlsServer({ ...certificate, handshakeTimeout, noDelay: true });
    server.on('connection', (socket: Socket) => {
      const release = this.#take(this.#peerOf(socket));
      if (release) socket.once('close', release);
      else socket.destroy();
    });
    server.on('secureConnection', (socket) => this.#open(this.#peerOf(socket), () => undefined, socket));
    server.on('tlsClientError', (_error, socket) => {
      ingest.metrics.handshakes.inc({ outcome: 'tls_failed' });
      socket.destroy();
    });
    return server;
  }

  #peerOf(socket: Socket): EncoderPeer {
    const address = this.#clients.get(nameOf(socket)) ?? peerAddress(socket.remoteAddress);
    return { protocol: this.#name, address, network: peerNetwork(address) };
  }

  #take(peer: EncoderPeer): (() => void) | undefined {
    const { limits, ingest } = this.#options;
    const release = limits.take(peer.network);
    if (!release) ingest.metrics.refusedConnections.inc({ protocol: this.#name });
    return release;
  }

  #open(peer: EncoderPeer, release: () => void, socket: Socket): void {
    const { protocol, ingest } = this.#options;
    const connection = protocol.create(peer, socket);
    this.#connections.add(connection);
    ingest.connections.add(connection);
    connection.onGone = () => {
      this.#connections.delete(connection);
      ingest.connections.remove(connection);
      release();
      if (this.#connections.size === 0) this.#onEmpty?.();
    };
    protocol.begin(connection, socket, this.#tls === undefined && this.#proxied === undefined);
  }
}

const nameOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
