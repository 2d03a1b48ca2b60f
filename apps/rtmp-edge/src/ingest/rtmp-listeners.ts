// The ports of the edge: RTMP, and RTMPS where there is a certificate.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { AddressRanges, ConnectionLimits } from '@millrace/service-kit';
import type { Certificate, CertificateWatcher } from '@millrace/service-kit';
import { RTMPS_CERTIFICATE } from '../rtmp-edge-options.ts';
import { ReadPacer } from '../socket/read-pacer.ts';
import { EdgeContext } from './edge-context.ts';
import { RtmpListener } from './rtmp-listener.ts';

/** The ports that were opened. */
export interface RtmpEdgePorts {
  /** `::` for all addresses of IPv4 and IPv6. */
  readonly address: string;
  readonly rtmp: number;
  readonly rtmps: number | undefined;
}

@Injectable()
export class RtmpListeners implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #listeners: RtmpListener[] = [];
  #ports: RtmpEdgePorts | undefined;

  constructor(
    private readonly context: EdgeContext,
    private readonly limits: ConnectionLimits,
    private readonly pacer: ReadPacer,
    @Inject(RTMPS_CERTIFICATE) private readonly certificate: CertificateWatcher | undefined,
  ) {}

  /** The ports that were opened; undefined before the application has started. */
  get ports(): RtmpEdgePorts | undefined {
    return this.#ports;
  }

  /** Opens the ports. @throws when one is taken */
  async onApplicationBootstrap(): Promise<void> {
    const { settings, logger } = this.context;
    const { rtmpHost, rtmpPort, rtmpsPort } = settings;
    const plain = this.#add();
    const secure = this.#addSecure();
    const { address, port: rtmp } = await plain.listen(rtmpHost, rtmpPort);
    const rtmps = (await secure?.listen(rtmpHost, rtmpsPort))?.port;
    this.#ports = { address, rtmp, rtmps };
    logger.info({ address, rtmp_port: rtmp, rtmps_port: rtmps }, 'RTMP listening');
  }

  /** Accepts no more connections. Those that are open continue. Idempotent. */
  close(): void {
    this.certificate?.stop();
    for (const listener of this.#listeners) listener.close();
  }

  /** Once the publishers have gone: ends the connections that are left. Their last bytes are read, or dropped, within `closeMs`. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const { connections } of this.#listeners) for (const connection of connections) connection.cut('draining');
    await Promise.all(this.#listeners.map((listener) => listener.emptied()));
  }

  #addSecure(): RtmpListener | undefined {
    if (this.certificate === undefined) return undefined;
    const listener = this.#add(this.certificate.certificate);
    this.certificate.start(this.context.settings.tlsReloadMs, (certificate) =>
      listener.replaceCertificate(certificate),
    );
    return listener;
  }

  #add(certificate?: Certificate): RtmpListener {
    const { context, limits, pacer } = this;
    const { proxyProtocol, proxyFrom } = context.settings;
    const listener = new RtmpListener({
      context,
      limits,
      pacer,
      ...(certificate && { certificate }),
      ...(proxyProtocol && { proxies: new AddressRanges(proxyFrom ?? []) }),
    });
    this.#listeners.push(listener);
    return listener;
  }
}
