// A port: accepts connections within the limits and keeps them until they are gone.
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer } from 'node:tls';
import type { EncoderPeer } from '@millrace/ingest';
import { listenOn, peerAddress, peerNetwork } from '@millrace/service-kit';
import type { Certificate, ConnectionLimits } from '@millrace/service-kit';
import type { RtspProtocol } from '../protocols.ts';
import type { RtspEdgeContext } from '../channel/rtsp-edge-context.ts';
import { RtspConnection } from './rtsp-connection.ts';

/** A dead peer behind a silent network is noticed by the kernel. */
const KEEP_ALIVE_MS = 15_000;
const TCP = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };

export interface RtspListenerOptions {
  readonly context: RtspEdgeContext;
  /** Shared by all ports of an edge. */
  readonly limits: ConnectionLimits;
  /** With it the port speaks RTSPS. */
  readonly certificate?: Certificate;
}

export class RtspListener {
  readonly protocol: RtspProtocol;
  readonly #options: RtspListenerOptions;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #connections = new Set<RtspConnection>();
  #onEmpty: (() => void) | undefined;

  constructor(options: RtspListenerOptions) {
    this.#options = options;
    this.protocol = options.certificate ? 'rtsps' : 'rtsp';
    this.#tls = options.certificate && this.#tlsServer(options.certificate);
    this.#server = this.#tls ?? this.#plainServer();
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
  get connections(): ReadonlySet<RtspConnection> {
    return this.#connections;
  }

  /** Resolves once the last connection is gone. */
  async emptied(): Promise<void> {
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  /** New connections use this certificate. @throws when key and certificate do not fit each other */
  replaceCertificate(certificate: Certificate): void {
    this.#tls?.setSecureContext(certificate);
  }

  #plainServer(): Server {
    return createServer(TCP, (socket) => {
      const peer = this.#peerOf(socket);
      const release = this.#take(peer);
      if (release) this.#open(peer, release, socket);
      else socket.destroy();
    });
  }

  /** A place is taken before the TLS handshake and released when the socket is gone, whatever has become of it. */
  #tlsServer(certificate: Certificate): TlsServer {
    const { rtspHandshakeMs: handshakeTimeout } = this.#options.context.settings;
    const server = createTlsServer({ ...certificate, handshakeTimeout, noDelay: true });
    server.on('connection', (socket: Socket) => {
      const release = this.#take(this.#peerOf(socket));
      if (release) socket.once('close', release);
      else socket.destroy();
    });
    server.on('secureConnection', (socket) => this.#open(this.#peerOf(socket), () => undefined, socket));
    server.on('tlsClientError', (_error, socket) => {
      this.#options.context.metrics.handshakes.inc({ outcome: 'tls_failed' });
      socket.destroy();
    });
    return server;
  }

  #peerOf(socket: Socket): EncoderPeer {
    const address = peerAddress(socket.remoteAddress);
    return { protocol: this.protocol, address, network: peerNetwork(address) };
  }

  #take(peer: EncoderPeer): (() => void) | undefined {
    const release = this.#options.limits.take(peer.network);
    if (!release) this.#options.context.metrics.refusedConnections.inc({ protocol: this.protocol });
    return release;
  }

  #open(peer: EncoderPeer, release: () => void, socket: Socket): void {
    const { context } = this.#options;
    const connection = new RtspConnection(peer, socket, context);
    this.#connections.add(connection);
    context.ingest.connections.add(connection);
    connection.onGone = () => {
      this.#connections.delete(connection);
      context.ingest.connections.remove(connection);
      release();
      if (this.#connections.size === 0) this.#onEmpty?.();
    };
  }
}
