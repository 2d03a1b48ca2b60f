// What every connection of an edge shares.
import { Inject, Injectable } from '@nestjs/common';
import { Ingest } from '@millrace/ingest';
import type { IngestMetrics } from '@millrace/ingest';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { RTSP_EDGE_SETTINGS } from '../rtsp-edge-options.ts';
import type { RtspEdgeSettings } from '../settings.ts';

@Injectable()
export class RtspEdgeContext {
  readonly metrics: IngestMetrics;

  constructor(
    readonly ingest: Ingest,
    @Inject(RTSP_EDGE_SETTINGS) readonly settings: RtspEdgeSettings,
    @Inject(LOGGER) readonly logger: Logger,
  ) {
    this.metrics = ingest.metrics;
  }
}
