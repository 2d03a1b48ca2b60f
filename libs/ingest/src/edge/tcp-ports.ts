// The TCP ports of an edge: one without TLS, and one with it where there is a certificate.
import { AddressRanges, CertificateWatcher, ConfigError, ConnectionLimits } from '@millrace/service-kit';
import type { Certificate, FileSetting, Logger } from '@millrace/service-kit';
import type { Ingest } from '../ingest.ts';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import { TcpListener } from './tcp-listener.ts';
import type { TcpConnection, TcpProtocol } from './tcp-listener.ts';

/** Each edge has its own settings; these are what they mean. */
export interface TcpPortSettings {
  readonly host: string;
  readonly port: number;
  readonly securePort: number;
  readonly tlsReloadMs: number;
  readonly handshakeMs: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** Whether every connection begins with a header of the PROXY protocol. */
  readonly proxyProtocol: boolean;
  /** The load balancers that are believed. */
  readonly proxyFrom: readonly string[] | undefined;
}

export interface TcpPortsOptions<Connection extends TcpConnection> {
  readonly settings: TcpPortSettings;
  readonly protocol: TcpProtocol<Connection>;
  readonly certificate: CertificateWatcher | undefined;
  readonly ingest: Ingest;
  readonly logger: Logger;
}

/** The ports that were opened. */
export interface OpenTcpPorts {
  /** `::` for all addresses of IPv4 and IPv6. */
  readonly address: string;
  readonly plain: number;
  readonly secure: number | undefined;
}

export class TcpPorts<Connection extends TcpConnection> {
  readonly #options: TcpPortsOptions<Connection>;
  readonly #limits: ConnectionLimits;
  readonly #listeners: TcpListener<Connection>[] = [];

  constructor(options: TcpPortsOptions<Connection>) {
    this.#options = options;
    this.#limits = new ConnectionLimits(options.settings);
  }

  /** @throws when a port is taken */
  async open(): Promise<OpenTcpPorts> {
    const { host, port, securePort } = this.#options.settings;
    const listener = this.#add(undefined);
    const secured = this.#addSecure();
    const { address, port: plain } = await listener.listen(host, port);
    const secure = (await secured?.listen(host, securePort))?.port;
    return { address, plain, secure };
  }

  /** Accepts no more connections. Those that are open continue. Idempotent. */
  close(): void {
    this.#options.certificate?.stop();
    for (const listener of this.#listeners) listener.close();
  }

  /** Once the publishers have gone: ends the connections that are left, and resolves when they are gone. */
  async end(): Promise<void> {
    for (const { connections } of this.#listeners) for (const connection of connections) connection.drain();
    await Promise.all(this.#listeners.map((listener) => listener.emptied()));
  }

  #addSecure(): TcpListener<Connection> | undefined {
    const { certificate, settings } = this.#options;
    if (certificate === undefined) return undefined;
    const listener = this.#add(certificate.certificate);
    certificate.start(settings.tlsReloadMs, (renewed) => listener.replaceCertificate(renewed));
    return listener;
  }

  #add(certificate: Certificate | undefined): TcpListener<Connection> {
    const { settings, protocol, ingest, logger } = this.#options;
    const { maxConnections, handshakeMs, proxyProtocol, proxyFrom } = settings;
    const listener = new TcpListener({
      protocol,
      ingest,
      logger,
      limits: this.#limits,
      maxConnections,
      handshakeMs,
      certificate,
      proxies: proxyProtocol ? new AddressRanges(proxyFrom ?? []) : undefined,
    });
    this.#listeners.push(listener);
    return listener;
  }
}

/** The certificate of an edge's secure port, from the files that its settings name; undefined without. @throws ConfigError */
export const openCertificate = (
  certificate: FileSetting,
  key: FileSetting,
  metrics: IngestMetrics,
  logger: Logger,
): Promise<CertificateWatcher | undefined> => CertificateWatcher.open({ certificate, key, metrics, logger });

interface ProxySettings {
  readonly proxyProtocol: boolean;
  readonly proxyFrom: readonly string[] | undefined;
}

/** @param protocol as in the names of its variables @throws ConfigError when headers are to be believed, but not said from which addresses */
export function checkProxies({ proxyProtocol, proxyFrom }: ProxySettings, protocol: 'RTMP' | 'RTSP'): void {
  if (!proxyProtocol || proxyFrom !== undefined) return;
  const fault = `must name the trusted load balancers when MILLRACE_${protocol}_PROXY_PROTOCOL is true`;
  throw new ConfigError([{ variable: `MILLRACE_${protocol}_PROXY_FROM`, fault }]);
}
