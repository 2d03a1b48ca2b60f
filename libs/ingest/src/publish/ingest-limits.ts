/** Limits of every protocol that need no setting. */
export const INGEST_LIMITS = {
  unreadableAfterMs: 1_000,
  reportIntervalMs: 5_000,
} as const;
