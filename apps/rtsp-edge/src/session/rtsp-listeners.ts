// The ports of the edge: RTSP, and RTSPS where there is a certificate.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { TcpPorts } from '@millrace/ingest';
import type { CertificateWatcher } from '@millrace/service-kit';
import { RtspEdgeContext } from '../channel/rtsp-edge-context.ts';
import { RtspPlayback } from '../play/rtsp-playback.ts';
import { RTSPS_CERTIFICATE } from '../rtsp-edge-options.ts';
import { tcpPortSettingsOf } from '../settings.ts';
import { AcceptedConnection } from './accepted-connection.ts';
import { HttpTunnels } from './http-tunnel.ts';

/** The ports that were opened. */
export interface RtspEdgePorts {
  /** `::` for all addresses of IPv4 and IPv6. */
  readonly address: string;
  readonly rtsp: number;
  readonly rtsps: number | undefined;
}

@Injectable()
export class RtspListeners implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #tcp: TcpPorts<AcceptedConnection>;
  #ports: RtspEdgePorts | undefined;

  constructor(
    private readonly context: RtspEdgeContext,
    playback: RtspPlayback,
    @Inject(RTSPS_CERTIFICATE) certificate: CertificateWatcher | undefined,
  ) {
    const { settings, ingest, logger } = context;
    const tunnels = new HttpTunnels();
    this.#tcp = new TcpPorts({
      settings: tcpPortSettingsOf(settings),
      protocol: {
        plain: 'rtsp',
        secure: 'rtsps',
        create: (peer, socket) => new AcceptedConnection(peer, socket, { context, playback, tunnels }),
        begin: (_connection, socket) => void socket.resume(),
      },
      certificate,
      ingest,
      logger,
    });
  }

  /** The ports that were opened; undefined before the application has started. */
  get ports(): RtspEdgePorts | undefined {
    return this.#ports;
  }

  /** Opens the ports. @throws when one is taken */
  async onApplicationBootstrap(): Promise<void> {
    const { address, plain: rtsp, secure: rtsps } = await this.#tcp.open();
    this.#ports = { address, rtsp, rtsps };
    this.context.logger.info({ address, rtsp_port: rtsp, rtsps_port: rtsps }, 'RTSP listening');
  }

  /** Accepts no more connections. Those that are open continue. Idempotent. */
  close(): void {
    this.#tcp.close();
  }

  /** Once the publishers have gone: ends the connections that are left. */
  beforeApplicationShutdown(): Promise<void> {
    return this.#tcp.end();
  }
}
