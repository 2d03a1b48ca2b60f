// What is counted for each tenant, and how a service counts it.

/** Kind → what it counts. */
export const USAGE_KINDS = {
  ingest_seconds: 'publishing time of encoders',
  ingest_bytes: 'bytes received on the connections of encoders',
  packaged_seconds: 'duration of committed segments',
  egress_bytes: 'bytes sent on the connections of viewers, and to simulcast targets',
  viewer_seconds: 'watching time of viewers',
  relay_bytes: 'bytes relayed by TURN, both directions together',
  relay_refusals: 'relay allocations that a quota of the tenant refused',
  participant_seconds: 'time that participants spent in rooms',
} as const;
export type UsageKind = keyof typeof USAGE_KINDS;

/** Quotas that apply to each process by itself, which measures how much of them is used. */
export const MEASURED_QUOTAS = [
  'ingest_bits_per_second',
  'relay_allocations',
  'relay_bits_per_second',
  'api_reads_per_second',
  'api_writes_per_second',
] as const;
export type MeasuredQuota = (typeof MEASURED_QUOTAS)[number];

/** How much of a quota a tenant uses at one process now. */
export interface QuotaReading {
  readonly tenantId: string;
  readonly quota: MeasuredQuota;
  /** In the unit of the quota, and what was refused included: it may be more than the limit. */
  readonly used: number;
}

/** What an amount counts for. */
export interface UsageOf {
  readonly tenantId: string;
  /** Undefined: not of a live stream. */
  readonly streamId?: string | undefined;
  readonly kind: UsageKind;
  /** As metrics name it, such as `http-flv`; undefined where none is meant. */
  readonly protocol?: string | undefined;
}

/** Takes amounts as they arise: seconds or bytes, never negative. */
export interface UsageSink {
  add(of: UsageOf, amount: number): void;
  /** Of several readings of a quota before the next report, the largest one counts. */
  measured(reading: QuotaReading): void;
  /**
   * @param collect called before amounts are handed over, to add what has accrued since the last time
   * @returns removes it
   */
  beforeCollect(collect: () => void): () => void;
}

/** For services and tests that count nothing. */
export const NO_USAGE: UsageSink = {
  add: () => undefined,
  measured: () => undefined,
  beforeCollect: () => () => undefined,
};
