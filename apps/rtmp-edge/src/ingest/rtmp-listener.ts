// A port: accepts connections within the limits and keeps them until they are gone.
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import type { AddressRanges, Certificate, ConnectionLimits } from '@millrace/service-kit';
import { listenOn, peerAddress, peerNetwork } from '@millrace/service-kit';
import type { ReadPacer } from '../socket/read-pacer.ts';
import { DirectSocket } from '../socket/direct-socket.ts';
import { StreamSocket } from '../socket/stream-socket.ts';
import type { EdgeContext } from './edge-context.ts';
import type { Peer } from './peer.ts';
import { ProxyDoor } from './proxy-door.ts';
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
  readonly protocol: Peer['protocol'];
  readonly #options: RtmpListenerOptions;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #door: ProxyDoor | undefined;
  /** Addresses of clients behind balancers, by the balancer's own address and port. */
  readonly #clients = new Map<string, string>();
  readonly #connections = new Set<RtmpConnection>();
  #onEmpty: (() => void) | undefined;

  constructor(options: RtmpListenerOptions) {
    this.#options = options;
    this.protocol = options.certificate ? 'rtmps' : 'rtmp';
    this.#tls = options.certificate && this.#tlsServer(options.certificate);
    this.#door = options.proxies && this.#proxyDoor(options.proxies);
    this.#server = this.#door ? this.#proxiedServer(this.#door) : (this.#tls ?? this.#plainServer());
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
    this.#door?.close();
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
    const giveBack = this.#take(peer);
    if (giveBack) this.#open(peer, giveBack, socket);
    else socket.destroy();
  }

  #proxiedServer(door: ProxyDoor): Server {
    return createServer(TCP, (socket) => door.accept(socket));
  }

  #proxyDoor(from: AddressRanges): ProxyDoor {
    const onClient = (socket: Socket, address: string): void => {
      const name = nameOf(socket);
      this.#clients.set(name, address);
      socket.once('close', () => void this.#clients.delete(name));
      if (this.#tls) this.#tls.emit('connection', socket);
      else this.#accept(socket);
    };
    return new ProxyDoor({ context: this.#options.context, from, onClient });
  }

  /** A place is taken before the TLS handshake and given back when the socket is gone, whatever has become of it. */
  #tlsServer(certificate: Certificate): TlsServer {
    const { handshakeMs } = this.#options.context.settings;
    const server = createTlsServer({ ...certificate, handshakeTimeout: handshakeMs, noDelay: true });
    server.on('connection', (socket: Socket) => {
      const giveBack = this.#take(this.#peerOf(socket));
      if (giveBack) socket.once('close', giveBack);
      else socket.destroy();
    });
    server.on('secureConnection', (socket: TLSSocket) => this.#open(this.#peerOf(socket), () => undefined, socket));
    server.on('tlsClientError', (_error, socket) => {
      this.#options.context.metrics.handshakes.inc({ outcome: 'tls_failed' });
      socket.destroy();
    });
    return server;
  }

  #peerOf(socket: Socket): Peer {
    const address = this.#clients.get(nameOf(socket)) ?? peerAddress(socket.remoteAddress);
    return { protocol: this.protocol, address, network: peerNetwork(address) };
  }

  #take(peer: Peer): (() => void) | undefined {
    const giveBack = this.#options.limits.take(peer.network);
    if (!giveBack) this.#options.context.metrics.refusedConnections.inc({ protocol: this.protocol });
    return giveBack;
  }

  #open(peer: Peer, giveBack: () => void, socket: Socket): void {
    const connection = new RtmpConnection(peer, this.#options.context);
    this.#connections.add(connection);
    connection.onGone = () => {
      this.#connections.delete(connection);
      giveBack();
      if (this.#connections.size === 0) this.#onEmpty?.();
    };
    // A socket that was read from already has what a new one around its handle would not have.
    const mayBeDirect = this.protocol === 'rtmp' && !this.#door;
    const direct = mayBeDirect ? DirectSocket.open(socket, connection, this.#options.pacer) : undefined;
    connection.open(direct ?? new StreamSocket(socket, connection));
    if (!direct) socket.resume();
  }
}

const nameOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
