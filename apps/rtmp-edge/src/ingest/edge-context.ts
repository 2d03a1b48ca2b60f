// What every connection of an edge shares.
import type { Ingest, IngestMetrics } from '@millrace/ingest';
import type { ServerSessionOptions } from '@millrace/protocol/rtmp';
import type { Logger } from '@millrace/service-kit';
import type { RtmpEdgeSettings } from '../settings.ts';

export interface EdgeContext {
  readonly settings: RtmpEdgeSettings;
  readonly session: ServerSessionOptions;
  readonly ingest: Ingest;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
}
