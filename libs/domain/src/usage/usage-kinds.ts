// What is counted for each tenant, and how a service counts it.

/** Kind → what it counts. */
export const USAGE_KINDS = {
  ingest_seconds: 'publishing time of encoders',
  ingest_bytes: 'bytes received on the connections of encoders',
  packaged_seconds: 'duration of committed segments',
  egress_bytes: 'bytes sent on the connections of viewers',
  viewer_seconds: 'watching time of viewers',
  relay_bytes: 'bytes relayed by TURN, both directions together',
  relay_refusals: 'relay allocations that a quota of the tenant refused',
  participant_seconds: 'time that participants spent in rooms',
} as const;
export type UsageKind = keyof typeof USAGE_KINDS;

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
  /**
   * @param collect called before amounts are handed over, to add what has accrued since the last time
   * @returns removes it
   */
  beforeCollect(collect: () => void): () => void;
}

/** For services and tests that count nothing. */
export const NO_USAGE: UsageSink = { add: () => undefined, beforeCollect: () => () => undefined };
