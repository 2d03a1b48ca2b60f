// What every connection of an edge shares.
import { Inject, Injectable } from '@nestjs/common';
import { Ingest } from '@millrace/ingest';
import type { IngestMetrics } from '@millrace/ingest';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { RTSP_EDGE_SETTINGS } from '../rtsp-edge-options.ts';
import type { RtspEdgeSettings } from '../settings.ts';
import { UdpPorts } from '../udp/udp-ports.ts';

@Injectable()
export class RtspEdgeContext {
  readonly metrics: IngestMetrics;
  /** Undefined where UDP is not offered. */
  readonly udp: UdpPorts | undefined;

  constructor(
    readonly ingest: Ingest,
    @Inject(RTSP_EDGE_SETTINGS) readonly settings: RtspEdgeSettings,
    @Inject(LOGGER) readonly logger: Logger,
  ) {
    this.metrics = ingest.metrics;
    const { rtspUdp, rtspProxyProtocol, rtspUdpPortMin: first, rtspUdpPortMax: last } = settings;
    // Behind a load balancer for TCP, datagrams go another way, and come from an address that nothing vouches for.
    this.udp = rtspUdp && !rtspProxyProtocol ? new UdpPorts({ first, last }) : undefined;
  }
}
