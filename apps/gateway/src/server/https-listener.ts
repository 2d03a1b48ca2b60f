// HTTPS with a certificate of the gateway's own, where no proxy is in front: HTTP/2 where the client offers it (RFC 7301), else HTTP/1.1.
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import { certificateExpiry, listenOn } from '@millrace/service-kit';
import type { CertificateWatcher, Logger, Metrics } from '@millrace/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS, HTTPS_CERTIFICATE } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';

/** Names of the protocols that TLS agrees on (RFC 7301 §6), the preferred one first. */
const ALPN_PROTOCOLS = ['h2', 'http/1.1'];

export const createHttpsMetrics = (metrics: Metrics) => ({
  certificateExpiry: certificateExpiry(metrics),
  tlsReloads: metrics.counter('http_tls_reloads_total', 'Reloads of the TLS certificate, by outcome.', {
    outcome: ['replaced', 'failed'],
  }),
});

@Injectable()
export class HttpsListener implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  #server: Server | undefined;
  #ended = Promise.resolve();
  #port: number | undefined;

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    @Inject(HTTPS_CERTIFICATE) private readonly certificate: CertificateWatcher | undefined,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** The port that was opened; undefined without a certificate. */
  get port(): number | undefined {
    return this.#port;
  }

  /** Opens the port. @throws when it is taken */
  async onApplicationBootstrap(): Promise<void> {
    const { certificate } = this;
    if (certificate === undefined) return;
    const { httpHost, httpsPort, httpMaxConnections, tlsReloadMs } = this.settings;
    const tls = this.#tlsServer(certificate);
    certificate.start(tlsReloadMs, (replaced) => tls.setSecureContext(replaced));
    const { connectionGuard } = this.host.httpAdapter.getInstance();
    const server = createServer({ noDelay: true }, (socket) =>
      connectionGuard.admit(socket, () => void tls.emit('connection', socket)),
    );
    server.maxConnections = httpMaxConnections;
    this.#server = server;
    this.#port = (await listenOn(server, { host: httpHost, port: httpsPort })).port;
    server.on('error', (error) => this.logger.error({ err: error }, 'could not accept a connection'));
    this.logger.info({ https_port: this.#port }, 'HTTPS listening');
  }

  /** Takes no connection any more. Those that are open end as those of the other port do. */
  beforeApplicationShutdown(): void {
    this.certificate?.stop();
    const server = this.#server;
    if (server !== undefined) this.#ended = new Promise((resolve) => void server.close(() => resolve()));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#ended;
  }

  #tlsServer(certificate: CertificateWatcher): TlsServer {
    const { server: http1, http2Sessions, clientAddresses } = this.host.httpAdapter.getInstance();
    const handshakeTimeout = this.settings.httpRequestTimeoutMs;
    const tls = createTlsServer({ ...certificate.certificate, ALPNProtocols: ALPN_PROTOCOLS, handshakeTimeout });
    /** Clients that a PROXY header has named, by the address and port of the balancer: a TLS socket does not know the one below it. */
    const sources = new Map<string, string>();
    tls.prependListener('connection', (socket: Socket) => {
      const name = nameOf(socket);
      sources.set(name, clientAddresses.peerOf(socket));
      socket.once('close', () => void sources.delete(name));
    });
    tls.on('secureConnection', (socket: TLSSocket) => {
      clientAddresses.setSource(socket, sources.get(nameOf(socket)) ?? '');
      if (socket.alpnProtocol === 'h2') http2Sessions.serve(socket);
      else http1.emit('connection', socket);
    });
    tls.on('tlsClientError', (_error, socket) => socket.destroy());
    return tls;
  }
}

const nameOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
