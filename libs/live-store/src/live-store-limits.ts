// How long what is kept: the same names and defaults for every adapter.

export interface LiveStoreLimits {
  /** How long a claim lives without being renewed; then its session counts as disconnected. */
  readonly claimTtlMs: number;
  /**
   * When the store's claims have not been reached for longer than this (the store was away, or the process stood still), that time
   * does not count: claims and reconnect windows go on from where they were. Edges and packagers ask several times in it.
   */
  readonly outageMs: number;
  /** How long a session that is not renewed, released or ended is kept, and how long an ended one is remembered. */
  readonly sessionTtlMs: number;
  /** How long the claim of a publisher may go without renewal before an encoder that waits is promoted: its edge does not answer. */
  readonly unrenewedMs: number;
  /** An encoder that waits and has sent nothing for so long makes way for another one. */
  readonly standbySilentMs: number;
  /**
   * A session stays open for an encoder that waits for so much longer than its publisher is away before that one is promoted, however
   * short the reconnect window.
   */
  readonly promotionGraceMs: number;
  /** How long a requested switch holds: an encoder that could not go on so long does not go on by surprise. */
  readonly switchMs: number;
  /** A switch needs an encoder that waits and whose edge has renewed it within this time. */
  readonly switchRenewedMs: number;
  /** How long a report about a publisher is kept: three times as long as an edge takes for the next one. */
  readonly ingestReportTtlMs: number;
  /** How long a viewer counts without being seen again. */
  readonly viewerTtlMs: number;
  /** How many viewers of a playback id are told apart; each takes some 100 bytes. */
  readonly maxViewersPerPlayback: number;
  /** How long the health series of a session outlives its newest sample. */
  readonly healthSeriesTtlMs: number;
  /** How many health series a tenant has: the one that was written to longest ago goes first. */
  readonly healthSeriesPerTenant: number;
  /** How long listed segments and the playlist outlive the last commit, beyond their own window and retention. */
  readonly segmentBackstopMs: number;
  /** How long a stream's numbers are kept after its last commit, so that they go on from there. */
  readonly headTtlMs: number;
}

export const DEFAULT_LIVE_STORE_LIMITS: LiveStoreLimits = {
  claimTtlMs: 5_000,
  outageMs: 2_500,
  sessionTtlMs: 24 * 3_600_000,
  unrenewedMs: 3_000,
  standbySilentMs: 2_000,
  promotionGraceMs: 1_000,
  switchMs: 3_000,
  switchRenewedMs: 2_000,
  ingestReportTtlMs: 15_000,
  viewerTtlMs: 32_000,
  maxViewersPerPlayback: 200_000,
  healthSeriesTtlMs: 3 * 3_600_000,
  healthSeriesPerTenant: 10_000,
  segmentBackstopMs: 3_600_000,
  headTtlMs: 30 * 24 * 3_600_000,
};

/** The limits that a caller has chosen, and the defaults for the others. */
export function liveStoreLimits(chosen: Partial<LiveStoreLimits>): LiveStoreLimits {
  return {
    claimTtlMs: chosen.claimTtlMs ?? DEFAULT_LIVE_STORE_LIMITS.claimTtlMs,
    outageMs: chosen.outageMs ?? DEFAULT_LIVE_STORE_LIMITS.outageMs,
    sessionTtlMs: chosen.sessionTtlMs ?? DEFAULT_LIVE_STORE_LIMITS.sessionTtlMs,
    unrenewedMs: chosen.unrenewedMs ?? DEFAULT_LIVE_STORE_LIMITS.unrenewedMs,
    standbySilentMs: chosen.standbySilentMs ?? DEFAULT_LIVE_STORE_LIMITS.standbySilentMs,
    promotionGraceMs: chosen.promotionGraceMs ?? DEFAULT_LIVE_STORE_LIMITS.promotionGraceMs,
    switchMs: chosen.switchMs ?? DEFAULT_LIVE_STORE_LIMITS.switchMs,
    switchRenewedMs: chosen.switchRenewedMs ?? DEFAULT_LIVE_STORE_LIMITS.switchRenewedMs,
    ingestReportTtlMs: chosen.ingestReportTtlMs ?? DEFAULT_LIVE_STORE_LIMITS.ingestReportTtlMs,
    viewerTtlMs: chosen.viewerTtlMs ?? DEFAULT_LIVE_STORE_LIMITS.viewerTtlMs,
    maxViewersPerPlayback: chosen.maxViewersPerPlayback ?? DEFAULT_LIVE_STORE_LIMITS.maxViewersPerPlayback,
    healthSeriesTtlMs: chosen.healthSeriesTtlMs ?? DEFAULT_LIVE_STORE_LIMITS.healthSeriesTtlMs,
    healthSeriesPerTenant: chosen.healthSeriesPerTenant ?? DEFAULT_LIVE_STORE_LIMITS.healthSeriesPerTenant,
    segmentBackstopMs: chosen.segmentBackstopMs ?? DEFAULT_LIVE_STORE_LIMITS.segmentBackstopMs,
    headTtlMs: chosen.headTtlMs ?? DEFAULT_LIVE_STORE_LIMITS.headTtlMs,
  };
}
