// The ports of the edge: RTSP, and RTSPS where there is a certificate.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { ConnectionLimits } from '@millrace/service-kit';
import type { Certificate, CertificateWatcher } from '@millrace/service-kit';
import { RTSPS_CERTIFICATE } from '../rtsp-edge-options.ts';
import { RtspEdgeContext } from '../channel/rtsp-edge-context.ts';
import { RtspListener } from './rtsp-listener.ts';

/** The ports that were opened. */
export interface RtspEdgePorts {
  /** `::` for all addresses of IPv4 and IPv6. */
  readonly address: string;
  readonly rtsp: number;
  readonly rtsps: number | undefined;
}

@Injectable()
export class RtspListeners implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #listeners: RtspListener[] = [];
  #ports: RtspEdgePorts | undefined;

  constructor(
    private readonly context: RtspEdgeContext,
    private readonly limits: ConnectionLimits,
    @Inject(RTSPS_CERTIFICATE) private readonly certificate: CertificateWatcher | undefined,
  ) {}

  /** The ports that were opened; undefined before the application has started. */
  get ports(): RtspEdgePorts | undefined {
    return this.#ports;
  }

  /** Opens the ports. @throws when one is taken */
  async onApplicationBootstrap(): Promise<void> {
    const { settings, logger } = this.context;
    const { rtspHost, rtspPort, rtspsPort } = settings;
    const plain = this.#add();
    const secure = this.#addSecure();
    const { address, port: rtsp } = await plain.listen(rtspHost, rtspPort);
    const rtsps = (await secure?.listen(rtspHost, rtspsPort))?.port;
    this.#ports = { address, rtsp, rtsps };
    logger.info({ address, rtsp_port: rtsp, rtsps_port: rtsps }, 'RTSP listening');
  }

  /** Accepts no more connections. Those that are open continue. Idempotent. */
  close(): void {
    this.certificate?.stop();
    for (const listener of this.#listeners) listener.close();
  }

  /** Once the publishers have gone: ends the connections that are left. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const { connections } of this.#listeners) for (const connection of connections) connection.end('draining');
    await Promise.all(this.#listeners.map((listener) => listener.emptied()));
  }

  #addSecure(): RtspListener | undefined {
    if (this.certificate === undefined) return undefined;
    const listener = this.#add(this.certificate.certificate);
    this.certificate.start(this.context.settings.tlsReloadMs, (certificate) =>
      listener.replaceCertificate(certificate),
    );
    return listener;
  }

  #add(certificate?: Certificate): RtspListener {
    const { context, limits } = this;
    const listener = new RtspListener({ context, limits, ...(certificate && { certificate }) });
    this.#listeners.push(listener);
    return listener;
  }
}
