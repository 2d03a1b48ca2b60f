// What every connection of an edge shares.
import type { ServerSessionOptions } from '@millrace/protocol/rtmp';
import type { Logger } from '@millrace/service-kit';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import type { RtmpEdgeSettings } from '../settings.ts';
import type { EarlyMedia } from './early-media.ts';
import type { PublishAuthorizer } from './publish-authorizer.ts';
import type { Publishing } from './publishing.ts';

export interface EdgeContext {
  readonly settings: RtmpEdgeSettings;
  readonly session: ServerSessionOptions;
  readonly authorizer: PublishAuthorizer;
  readonly publishing: Publishing;
  /** Of all connections together. */
  readonly earlyMedia: EarlyMedia;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
  /** True once the edge stops: nobody may begin to publish any more. */
  draining: boolean;
}
