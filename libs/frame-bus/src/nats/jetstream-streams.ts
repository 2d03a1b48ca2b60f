// The JetStream streams of the bus: made where they are missing, brought up to date where they differ.
import { DiscardPolicy, JetStreamApiCodes, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { LogUsage } from '../frame-bus.ts';
import {
  ALL_MARKS_SUBJECT,
  ALL_SPARE_MARKS_SUBJECT,
  MARKS_STREAM,
  SPARE_MARKS_STREAM,
  shardStream,
  shardSubjects,
} from './frame-subject.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';

type WantedConfig = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects' | 'storage'>;

/** Frames: in memory, the newest only. Acknowledged only where the publisher asks for it, by a reply subject. */
function framesConfig(shard: number, limits: NatsFrameBusLimits): WantedConfig {
  return {
    name: shardStream(shard),
    subjects: [shardSubjects(shard)],
    storage: StorageType.Memory,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_bytes: limits.maxBytesPerShard,
    max_age: nanos(limits.maxAgeMs),
    no_ack: false,
    allow_direct: true,
    num_replicas: limits.replicas,
  };
}

/** Marks: on disk, one for each live stream. */
export const marksConfig = (limits: NatsFrameBusLimits): WantedConfig => ({
  name: MARKS_STREAM,
  subjects: [ALL_MARKS_SUBJECT],
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.Old,
  max_msgs_per_subject: 1,
  no_ack: false,
  allow_direct: true,
  num_replicas: limits.replicas,
});

/** Likewise in memory, for as long as the disk takes none. */
const spareMarksConfig = (limits: NatsFrameBusLimits): WantedConfig => ({
  ...marksConfig(limits),
  name: SPARE_MARKS_STREAM,
  subjects: [ALL_SPARE_MARKS_SUBJECT],
  storage: StorageType.Memory,
});

/**
 * Makes all streams exist. Several services may do this at the same time.
 * @returns what the server says of the frame streams, by shard
 */
export async function ensureStreams(jsm: JetStreamManager, limits: NatsFrameBusLimits): Promise<StreamInfo[]> {
  await ensureStream(jsm, marksConfig(limits));
  await ensureStream(jsm, spareMarksConfig(limits));
  const shards = Array.from({ length: limits.shards }, (_, shard) => shard);
  return Promise.all(shards.map((shard) => ensureStream(jsm, framesConfig(shard, limits))));
}

/**
 * Looks at the streams that another service makes.
 * @param marks whether the stream of commit marks is wanted too
 * @returns as `ensureStreams`
 * @throws JetStreamApiError when one of them is missing
 */
export async function findStreams(
  jsm: JetStreamManager,
  limits: NatsFrameBusLimits,
  marks: boolean,
): Promise<StreamInfo[]> {
  if (marks) await jsm.streams.info(MARKS_STREAM);
  return Promise.all(Array.from({ length: limits.shards }, (_, shard) => jsm.streams.info(shardStream(shard))));
}

/** How full the frame streams are. */
export async function readLogUsage(jsm: JetStreamManager, shards: number): Promise<LogUsage[]> {
  return Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const { state, config } = await jsm.streams.info(shardStream(shard));
      const isEmpty = state.messages === 0;
      return {
        shard,
        bytes: state.bytes,
        limitBytes: config.max_bytes,
        messages: state.messages,
        readers: state.consumer_count,
        ageMs: isEmpty ? 0 : Math.max(0, Date.now() - Date.parse(state.first_ts)),
      };
    }),
  );
}

async function ensureStream(jsm: JetStreamManager, wanted: WantedConfig): Promise<StreamInfo> {
  let info: StreamInfo;
  try {
    info = await jsm.streams.info(wanted.name);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.StreamNotFound) throw error;
    info = await jsm.streams.add(wanted);
  }
  return isAsWanted(info.config, wanted) ? info : jsm.streams.update(wanted.name, wanted);
}

function isAsWanted(config: StreamConfig, wanted: WantedConfig): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => JSON.stringify(config[name as keyof StreamConfig] ?? false) === JSON.stringify(value),
  );
}
