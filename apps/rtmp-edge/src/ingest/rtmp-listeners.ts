// The ports of the edge: RTMP, and RTMPS where there is a certificate.
import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { TcpPorts } from '@millrace/ingest';
import type { CertificateWatcher } from '@millrace/service-kit';
import { RTMPS_CERTIFICATE } from '../rtmp-edge-options.ts';
import { DirectSocket, MediaReading } from '../socket/direct-socket.ts';
import { StreamSocket } from '../socket/stream-socket.ts';
import { EdgeContext } from './edge-context.ts';
import { RtmpConnection } from './rtmp-connection.ts';

/** The ports that were opened. */
export interface RtmpEdgePorts {
  /** `::` for all addresses of IPv4 and IPv6. */
  readonly address: string;
  readonly rtmp: number;
  readonly rtmps: number | undefined;
}

@Injectable()
export class RtmpListeners implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #tcp: TcpPorts<RtmpConnection>;
  #ports: RtmpEdgePorts | undefined;

  constructor(
    private readonly context: EdgeContext,
    private readonly reading: MediaReading,
    @Inject(RTMPS_CERTIFICATE) certificate: CertificateWatcher | undefined,
  ) {
    const { settings, ingest, logger } = context;
    const { rtmpHost: host, rtmpPort: port, rtmpsPort: securePort } = settings;
    this.#tcp = new TcpPorts({
      settings: { ...settings, host, port, securePort },
      protocol: {
        plain: 'rtmp',
        secure: 'rtmps',
        create: (peer) => new RtmpConnection(peer, context),
        begin: (connection, socket, isUntouched) => this.#begin(connection, socket, isUntouched),
      },
      certificate,
      ingest,
      logger,
    });
  }

  /** The ports that were opened; undefined before the application has started. */
  get ports(): RtmpEdgePorts | undefined {
    return this.#ports;
  }

  /** Opens the ports. @throws when one is taken */
  async onApplicationBootstrap(): Promise<void> {
    const { address, plain: rtmp, secure: rtmps } = await this.#tcp.open();
    this.#ports = { address, rtmp, rtmps };
    this.context.logger.info({ address, rtmp_port: rtmp, rtmps_port: rtmps }, 'RTMP listening');
  }

  /** Accepts no more connections. Those that are open continue. Idempotent. */
  close(): void {
    this.#tcp.close();
  }

  /** Once the publishers have gone: ends the connections that are left. Their last bytes are read, or dropped, within `closeMs`. */
  beforeApplicationShutdown(): Promise<void> {
    return this.#tcp.end();
  }

  #begin(connection: RtmpConnection, socket: Socket, isUntouched: boolean): void {
    // A socket that was read from already has what a new one around its handle would not have.
    const direct = isUntouched ? DirectSocket.open(socket, connection, this.reading) : undefined;
    connection.open(direct ?? new StreamSocket(socket, connection));
    if (!direct) socket.resume();
  }
}
