// The edge as a whole: its ports, its publishers, its rounds, and how it stops.
import type { CutPublisher } from '@millrace/control';
import { Ingest } from '@millrace/ingest';
import type { IngestMetrics, IngestPorts } from '@millrace/ingest';
import { AddressRanges, CertificateWatcher, ConfigError, ConnectionLimits } from '@millrace/service-kit';
import type { Certificate } from '@millrace/service-kit';
import type { EdgeContext } from './ingest/edge-context.ts';
import { RtmpListener } from './ingest/rtmp-listener.ts';
import { sessionOptions } from './ingest/session-options.ts';
import { PROTOCOLS } from './protocols.ts';
import type { RtmpEdgeSettings } from './settings.ts';
import { ReadPacer } from './socket/read-pacer.ts';

export interface RtmpEdgeOptions extends IngestPorts {
  readonly settings: RtmpEdgeSettings;
}

/** The ports that were opened. */
export interface RtmpEdgePorts {
  /** `::` for all addresses of IPv4 and IPv6. */
  readonly address: string;
  readonly rtmp: number;
  readonly rtmps: number | undefined;
}

export class RtmpEdge {
  readonly #ingest: Ingest;
  readonly #metrics: IngestMetrics;
  readonly #context: EdgeContext;
  readonly #limits: ConnectionLimits;
  readonly #pacer: ReadPacer;
  readonly #listeners: RtmpListener[] = [];
  #watcher: CertificateWatcher | undefined;
  #ports: RtmpEdgePorts | undefined;
  #drained: Promise<void> | undefined;

  constructor({ settings, ...ports }: RtmpEdgeOptions) {
    this.#ingest = new Ingest(settings, ports, {
      protocols: PROTOCOLS,
      malformedTag: 'no FLV tags',
      connections: () => this.#connections(),
    });
    const { metrics, clock } = this.#ingest;
    this.#metrics = metrics;
    this.#limits = new ConnectionLimits(settings);
    this.#pacer = new ReadPacer(settings.readCoalesceMs, settings.readCoalesceFrom);
    const session = sessionOptions(settings, clock);
    this.#context = { settings, session, ingest: this.#ingest, metrics, logger: ports.logger };
  }

  /** Opens the ports and begins the rounds. */
  async listen(): Promise<RtmpEdgePorts> {
    const { rtmpHost, rtmpPort, rtmpsPort } = this.#context.settings;
    const plain = this.#addListener();
    const secure = await this.#secureListener();
    const { address, port: rtmp } = await plain.listen(rtmpHost, rtmpPort);
    const rtmps = (await secure?.listen(rtmpHost, rtmpsPort))?.port;
    this.#ingest.start();
    this.#ports = { address, rtmp, rtmps };
    this.#context.logger.info({ address, rtmp_port: rtmp, rtmps_port: rtmps }, 'RTMP listening');
    return this.#ports;
  }

  /** The ports that were opened; undefined before `listen`. */
  get ports(): RtmpEdgePorts | undefined {
    return this.#ports;
  }

  /** Cuts the publishers that a control message means. */
  cutPublisher(event: CutPublisher): void {
    this.#ingest.cutPublisher(event);
  }

  /** How many publish through this edge now. */
  get publishers(): number {
    return this.#ingest.publishers;
  }

  /** Closes the ports and asks encoders that understand it to connect elsewhere. Publishers may go on. Idempotent. */
  leave(): void {
    this.#watcher?.stop();
    for (const listener of this.#listeners) listener.close();
    this.#ingest.leave();
  }

  /**
   * Stops in order: leaves, waits at most `drainMs` until the publishers have gone, ends those that are left over `drainSpreadMs`,
   * and sees their last frames off. Idempotent.
   */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    this.leave();
    await this.#ingest.drainPublishers();
    for (const connection of this.#connections()) connection.cut('draining');
    // The last words are read, or thrown away, within `closeMs`.
    await Promise.all(this.#listeners.map((listener) => listener.emptied()));
    await this.#ingest.stop();
  }

  async #secureListener(): Promise<RtmpListener | undefined> {
    const { logger, settings } = this.#context;
    this.#watcher = await CertificateWatcher.open({
      certificate: { variable: 'MILLRACE_TLS_CERT_FILE', file: settings.tlsCertFile },
      key: { variable: 'MILLRACE_TLS_KEY_FILE', file: settings.tlsKeyFile },
      metrics: this.#metrics,
      logger,
    });
    if (this.#watcher === undefined) return undefined;
    const listener = this.#addListener(this.#watcher.certificate);
    this.#watcher.start(settings.tlsReloadMs, (certificate) => listener.replaceCertificate(certificate));
    return listener;
  }

  #addListener(certificate?: Certificate): RtmpListener {
    const listener = new RtmpListener({
      context: this.#context,
      limits: this.#limits,
      pacer: this.#pacer,
      ...(certificate && { certificate }),
      ...proxiesOf(this.#context.settings),
    });
    this.#listeners.push(listener);
    return listener;
  }

  #connections() {
    return this.#listeners.flatMap((listener) => [...listener.connections]);
  }
}

function proxiesOf({ proxyProtocol, proxyFrom }: RtmpEdgeSettings): { proxies?: AddressRanges } {
  if (!proxyProtocol) return {};
  if (proxyFrom !== undefined) return { proxies: new AddressRanges(proxyFrom) };
  const fault = 'must name the trusted load balancers when MILLRACE_RTMP_PROXY_PROTOCOL is true';
  throw new ConfigError([{ variable: 'MILLRACE_RTMP_PROXY_FROM', fault }]);
}
