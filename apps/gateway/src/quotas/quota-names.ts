// Every quota of a tenant: one table for the API, the events and the docs.
import { DEFAULT_LIVE_STORE_LIMITS } from '@millrace/live-store';
import type { GatewaySettings } from '../settings.ts';
import type { TenantEntity } from '../tenants/tenant.entity.ts';

export interface QuotaDefinition {
  readonly column: keyof TenantEntity;
  readonly min?: number;
  readonly max: number;
  /** What null means; undefined: a tenant always has a limit of its own. */
  readonly without?: 'unlimited' | keyof GatewaySettings;
  readonly describe: string;
}

const MAX_COUNT = 1_000_000;
/** So many are told apart. */
const MAX_VIEWERS = DEFAULT_LIVE_STORE_LIMITS.maxViewersPerPlayback;
const MAX_LIVE_STREAMS = 100_000;
const MAX_BITS_PER_SECOND = 1_000_000_000_000;
const MAX_REQUESTS_PER_SECOND = 100_000;

export const QUOTAS = {
  live_streams: {
    column: 'maxLiveStreams',
    max: MAX_LIVE_STREAMS,
    describe: 'Concurrent live streams.',
  },
  ingest_bits_per_second: {
    column: 'maxIngestBitsPerSecond',
    max: MAX_BITS_PER_SECOND,
    without: 'unlimited',
    describe: 'Bitrate of one encoder, averaged over 10 s; above it, the encoder is disconnected.',
  },
  egress_bytes_per_month: {
    column: 'maxEgressBytesPerMonth',
    max: Number.MAX_SAFE_INTEGER,
    without: 'unlimited',
    describe: 'Bytes sent to viewers in a calendar month (UTC); above it, playback is refused until the next month.',
  },
  viewers: {
    column: 'maxViewers',
    max: MAX_VIEWERS,
    without: 'unlimited',
    describe: 'Concurrent viewers of all its streams, over all gateways; above it, new ones are refused.',
  },
  viewers_per_stream: {
    column: 'maxViewersPerStream',
    max: MAX_VIEWERS,
    without: 'unlimited',
    describe: 'Concurrent viewers of each stream, over all gateways; above it, new ones are refused.',
  },
  rooms: { column: 'maxRooms', max: MAX_COUNT, describe: 'Concurrently open rooms.' },
  participants: {
    column: 'maxParticipants',
    max: MAX_COUNT,
    describe: 'Concurrent participants in all its rooms.',
  },
  relay_allocations: {
    column: 'maxRelayAllocations',
    max: MAX_COUNT,
    describe: 'Concurrent relay allocations, of each relay.',
  },
  relay_bits_per_second: {
    column: 'maxRelayBitsPerSecond',
    max: MAX_BITS_PER_SECOND,
    describe: 'Total bitrate of its relay allocations, both directions together, of each relay.',
  },
  api_reads_per_second: {
    column: 'maxApiReadsPerSecond',
    min: 1,
    max: MAX_REQUESTS_PER_SECOND,
    without: 'apiReadsPerSecondPerTenant',
    describe: 'REST requests that read, of each gateway; above it, they are answered 429.',
  },
  api_writes_per_second: {
    column: 'maxApiWritesPerSecond',
    min: 1,
    max: MAX_REQUESTS_PER_SECOND,
    without: 'apiWritesPerSecondPerTenant',
    describe: 'REST requests that change something, of each gateway; above it, they are answered 429.',
  },
} as const satisfies Record<string, QuotaDefinition>;
export type QuotaName = keyof typeof QUOTAS;

export const quotaNames = Object.keys(QUOTAS) as [QuotaName, ...QuotaName[]];

/** Null: unlimited. */
export function quotaLimit(name: QuotaName, tenant: TenantEntity, settings: GatewaySettings): number | null {
  const { column, without }: QuotaDefinition = QUOTAS[name];
  const limit = tenant[column];
  if (limit !== null || without === undefined || without === 'unlimited') return limit;
  return settings[without] as number;
}
