// A port: accepts connections within the limits and keeps them until they are gone.
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import type { EncoderPeer } from '@millrace/ingest';
import type { AddressRanges, Certificate, ConnectionLimits } from '@millrace/service-kit';
import { listenOn, peerAddress, peerNetwork } from '@millrace/service-kit';
import type { RtmpProtocol } from '../protocols.ts';
import type { ReadPacer } from '../socket/read-pacer.ts';
import { DirectSocket } from '../socket/direct-socket.ts';
import { StreamSocket } from '../socket/stream-socket.ts';
import type { EdgeContext } from './edge-context.ts';
import { ProxyProtocolListener } from './proxy-protocol-listener.ts';
import { RtmpConnection } from './rtmp-connection.ts';

/** A dead peer behind a silent network is noticed by the kernel. */
const KEEP_ALIVE_MS = 15_000;
const TCP = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };

export interface RtmpListenerOptions {
  readonly context: EdgeContext;
  /** Shared by all ports of an edge. */
  readonly limits: ConnectionLimits;
  /** Shared too. */
  readonly pacer: ReadPacer;
  /** With it the port speaks RTMPS. */
  readonly certificate?: Certificate;
  /** With it every connection comes from one of these load balancers, and begins with its PROXY header. */
  readonly proxies?: AddressRanges;
}

export class RtmpListener {
  readonly protocol: RtmpProtocol;
  readonly #options: RtmpListenerOptions;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #proxied: ProxyProtocolListener | undefined;
  /** Addresses of clients behind balancers, by the balancer's own address and port. */
  readonly #clients = new Map<string, string>();
  readonly #connections = new Set<RtmpConnection>();
  #onEmpty: (() => void) | undefined;

  constructor(options: RtmpListenerOptions) {
    this.#options = options;
    this.protocol = options.certificate ? 'rtmps' : 'rtmp';
    this.#tls = options.certificate && this.#tlsServer(options.certificate);
    this.#proxied = options.proxies && this.#proxyListener(options.proxies);
    this.#server = this.#proxied ? this.#proxiedServer(this.#proxied) : (this.#tls ?? this.#plainServer());
  }

  /** @returns where it listens */
  async listen(host: string, port: number): Promise<AddressInfo> {
    const place = await listenOn(this.#server, { host, port });
    this.#server.on('error', (error) =>
      this.#options.context.logger.error({ err: error }, 'could not accept a connection'),
    );
    return place;
  }

  /** Accepts nothing more. Connections go on. */
  close(): void {
    if (this.#server.listening) this.#server.close();
  }

  /** The connections that are open now. */
  get connections(): ReadonlySet<RtmpConnection> {
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
    return new ProxyProtocolListener({ context: this.#options.context, from, onClient });
  }

  /** A place is taken before the TLS handshake and released when the socket is gone, whatever has become of it. */
  #tlsServer(certificate: Certificate): TlsServer {
    const { handshakeMs } = this.#options.context.settings;
    const server = createTlsServer({ ...certificate, handshakeTimeout: handshakeMs, noDelay: true });
    server.on('connection', (socket: Socket) => {
      const release = this.#take(this.#peerOf(socket));
      if (release) socket.once('close', release);
      else socket.destroy();
    });
    server.on('secureConnection', (socket: TLSSocket) => this.#open(this.#peerOf(socket), () => undefined, socket));
    server.on('tlsClientError', (_error, socket) => {
      this.#options.context.metrics.handshakes.inc({ outcome: 'tls_failed' });
      socket.destroy();
    });
    return server;
  }

  #peerOf(socket: Socket): EncoderPeer {
    const address = this.#clients.get(nameOf(socket)) ?? peerAddress(socket.remoteAddress);
    return { protocol: this.protocol, address, network: peerNetwork(address) };
  }

  #take(peer: EncoderPeer): (() => void) | undefined {
    const release = this.#options.limits.take(peer.network);
    if (!release) this.#options.context.metrics.refusedConnections.inc({ protocol: this.protocol });
    return release;
  }

  #open(peer: EncoderPeer, release: () => void, socket: Socket): void {
    const { context } = this.#options;
    const connection = new RtmpConnection(peer, context);
    this.#connections.add(connection);
    context.ingest.connections.add(connection);
    connection.onGone = () => {
      this.#connections.delete(connection);
      context.ingest.connections.remove(connection);
      release();
      if (this.#connections.size === 0) this.#onEmpty?.();
    };
    // A socket that was read from already has what a new one around its handle would not have.
    const mayBeDirect = this.protocol === 'rtmp' && !this.#proxied;
    const direct = mayBeDirect ? DirectSocket.open(socket, connection, this.#options.pacer) : undefined;
    connection.open(direct ?? new StreamSocket(socket, connection));
    if (!direct) socket.resume();
  }
}

const nameOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
