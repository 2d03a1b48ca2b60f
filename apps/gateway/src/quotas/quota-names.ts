// Every quota of a tenant: one table for the API, the events and the docs.
import type { TenantEntity } from '../tenants/tenant.entity.ts';

export interface QuotaDefinition {
  readonly column: keyof TenantEntity;
  readonly max: number;
  /** Null: unlimited. */
  readonly mayBeUnlimited: boolean;
  readonly describe: string;
}

const MAX_COUNT = 1_000_000;
const MAX_LIVE_STREAMS = 100_000;
const MAX_BITS_PER_SECOND = 1_000_000_000_000;

export const QUOTAS = {
  live_streams: {
    column: 'maxLiveStreams',
    max: MAX_LIVE_STREAMS,
    mayBeUnlimited: false,
    describe: 'Concurrent live streams.',
  },
  ingest_bits_per_second: {
    column: 'maxIngestBitsPerSecond',
    max: MAX_BITS_PER_SECOND,
    mayBeUnlimited: true,
    describe: 'Bitrate of one encoder, averaged over 10 s; above it, the encoder is disconnected.',
  },
  egress_bytes_per_month: {
    column: 'maxEgressBytesPerMonth',
    max: Number.MAX_SAFE_INTEGER,
    mayBeUnlimited: true,
    describe: 'Bytes sent to viewers in a calendar month (UTC); above it, playback is refused until the next month.',
  },
  rooms: { column: 'maxRooms', max: MAX_COUNT, mayBeUnlimited: false, describe: 'Concurrently open rooms.' },
  participants: {
    column: 'maxParticipants',
    max: MAX_COUNT,
    mayBeUnlimited: false,
    describe: 'Concurrent participants in all its rooms.',
  },
  relay_allocations: {
    column: 'maxRelayAllocations',
    max: MAX_COUNT,
    mayBeUnlimited: false,
    describe: 'Concurrent relay allocations, of each relay.',
  },
  relay_bits_per_second: {
    column: 'maxRelayBitsPerSecond',
    max: MAX_BITS_PER_SECOND,
    mayBeUnlimited: false,
    describe: 'Total bitrate of its relay allocations, both directions together, of each relay.',
  },
} as const satisfies Record<string, QuotaDefinition>;
export type QuotaName = keyof typeof QUOTAS;

export const quotaNames = Object.keys(QUOTAS) as [QuotaName, ...QuotaName[]];
