// What the ingest of an edge is given, and the injection tokens of its own.
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import type { ContextValues } from '@millrace/service-kit';
import type { ClientProxy } from '@nestjs/microservices';

/** Each edge has its own settings; these are what they mean. */
export interface IngestSettings {
  readonly instanceId: string;
  readonly metricsTenantLimit: number;
  /** How long the control plane may take to decide. */
  readonly authorizeMs: number;
  readonly wrongKeysPerMinute: number;
  readonly loginsPerMinute: number;
  /** How many bytes all connections together may send after publish requests that are not decided yet. */
  readonly earlyTotalBytes: number;
  /** How long the first track of a publisher waits for the other one. */
  readonly trackWaitMs: number;
  /** How long a publisher may send nothing but tracks with unsupported codecs. */
  readonly onlyUnsupportedMs: number;
  /** How much timed metadata may be put into a stream by REST, and into all streams of a tenant on this edge: requests a second. */
  readonly timedMetadataPerSecond: number;
  readonly timedMetadataPerSecondPerTenant: number;
  /** How long a publisher may send nothing before the encoder that waits takes over. */
  readonly backupAfterMs: number;
  /** How long a stopping edge waits for its publishers to leave on their own. */
  readonly drainMs: number;
  /** The period over which it then disconnects those that are left. */
  readonly drainSpreadMs: number;
}

/** What an ingest needs from the process that it runs in. It opens nothing of this itself, and closes nothing of it. */
export interface IngestOptions extends ContextValues {
  readonly settings: IngestSettings;
  readonly frameBus: FrameBus;
  readonly liveStore: LiveStore;
  readonly control: ClientProxy;
}

/** What an ingest has to know of the edge's protocol. */
export interface IngestProtocol {
  /** The protocols that encoders use with this edge: values of `EncoderPeer.protocol`, and of the metric label `protocol`. */
  readonly protocols: readonly string[];
  /** What is missing when nothing that an encoder sends can be parsed, such as `no FLV tags`. */
  readonly malformedTag: string;
}

export const INGEST_SETTINGS = Symbol('IngestSettings');
export const INGEST_PROTOCOL = Symbol('IngestProtocol');
export const INGEST_METRICS = Symbol('IngestMetrics');
/** Milliseconds of a monotonic clock, as a function. */
export const INGEST_CLOCK = Symbol('IngestClock');
