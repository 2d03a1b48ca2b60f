// A port: accepts connections within the limits and keeps them until they are gone.
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import type { Certificate, ConnectionLimits } from '@millrace/service-kit';
import { peerAddress, peerNetwork } from '@millrace/service-kit';
import type { ReadPacer } from '../socket/read-pacer.ts';
import { DirectSocket } from '../socket/direct-socket.ts';
import { StreamSocket } from '../socket/stream-socket.ts';
import type { EdgeContext } from './edge-context.ts';
import type { Peer } from './peer.ts';
import { RtmpConnection } from './rtmp-connection.ts';

/** A dead peer behind a silent network is noticed by the kernel. */
const KEEP_ALIVE_MS = 15_000;

export interface RtmpListenerOptions {
  readonly context: EdgeContext;
  /** Shared by all ports of an edge. */
  readonly limits: ConnectionLimits;
  /** Shared too. */
  readonly pacer: ReadPacer;
  /** With it the port speaks RTMPS. */
  readonly certificate?: Certificate;
}

export class RtmpListener {
  readonly protocol: Peer['protocol'];
  readonly #options: RtmpListenerOptions;
  readonly #server: Server;
  readonly #connections = new Set<RtmpConnection>();
  #onEmpty: (() => void) | undefined;

  constructor(options: RtmpListenerOptions) {
    this.#options = options;
    this.protocol = options.certificate ? 'rtmps' : 'rtmp';
    this.#server = options.certificate ? this.#tlsServer(options.certificate) : this.#plainServer();
  }

  /** @returns the port it listens on */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.on('error', (error) => this.#options.context.logger.error({ err: error }, 'accepting failed'));
    return (this.#server.address() as AddressInfo).port;
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
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  /** New connections use this certificate. @throws when key and certificate do not fit each other */
  replaceCertificate(certificate: Certificate): void {
    (this.#server as TlsServer).setSecureContext(certificate);
  }

  #plainServer(): Server {
    const options = { pauseOnConnect: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    return createServer(options, (socket) => {
      const peer = this.#peerOf(socket);
      const giveBack = this.#take(peer);
      if (!giveBack) {
        socket.destroy();
        return;
      }
      this.#open(peer, giveBack, socket);
    });
  }

  /** A place is taken before the TLS handshake and given back when the socket is gone, whatever has become of it. */
  #tlsServer(certificate: Certificate): Server {
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
    const address = peerAddress(socket.remoteAddress);
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
    const direct = this.protocol === 'rtmp' ? DirectSocket.open(socket, connection, this.#options.pacer) : undefined;
    connection.open(direct ?? new StreamSocket(socket, connection));
    if (!direct) socket.resume();
  }
}
