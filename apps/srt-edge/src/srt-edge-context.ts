// What every connection of an edge shares.
import { Inject, Injectable } from '@nestjs/common';
import { Ingest } from '@millrace/ingest';
import type { IngestMetrics } from '@millrace/ingest';
import { LOGGER, METRICS } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';
import type { SrtEdgeSettings } from './settings.ts';
import { registerMetrics } from './metrics.ts';
import type { SrtMetrics } from './metrics.ts';

/** What this edge speaks with encoders and players: values of the metric label `protocol`. */
export const SRT = 'srt';
export const PROTOCOLS = [SRT];

/** HLS, as this edge pulls it: it has the reader of MPEG-TS. */
export const HLS = 'hls';

/** By what streams come to this edge, pushed or pulled. */
export const INGEST_PROTOCOLS = [...PROTOCOLS, HLS];

export const SRT_EDGE_SETTINGS = Symbol('SrtEdgeSettings');

@Injectable()
export class SrtEdgeContext {
  readonly metrics: IngestMetrics;
  /** Of the transport. */
  readonly transport: SrtMetrics;

  constructor(
    readonly ingest: Ingest,
    @Inject(SRT_EDGE_SETTINGS) readonly settings: SrtEdgeSettings,
    @Inject(LOGGER) readonly logger: Logger,
    @Inject(METRICS) registry: Metrics,
  ) {
    this.metrics = ingest.metrics;
    this.transport = registerMetrics(registry);
  }
}
