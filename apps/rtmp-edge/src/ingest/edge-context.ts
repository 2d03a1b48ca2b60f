// What every connection of an edge shares.
import { Inject, Injectable } from '@nestjs/common';
import { Ingest } from '@millrace/ingest';
import type { IngestMetrics } from '@millrace/ingest';
import type { ServerSessionOptions } from '@millrace/protocol/rtmp';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { RTMP_EDGE_SETTINGS } from '../rtmp-edge-options.ts';
import type { RtmpEdgeSettings } from '../settings.ts';
import { sessionOptions } from './session-options.ts';

@Injectable()
export class EdgeContext {
  readonly session: ServerSessionOptions;
  readonly metrics: IngestMetrics;

  constructor(
    readonly ingest: Ingest,
    @Inject(RTMP_EDGE_SETTINGS) readonly settings: RtmpEdgeSettings,
    @Inject(LOGGER) readonly logger: Logger,
  ) {
    this.session = sessionOptions(settings, ingest.clock);
    this.metrics = ingest.metrics;
  }
}
