/** Bounds on what a publisher makes an edge keep or do, whatever its protocol; without settings, since no encoder comes near. */
export const INGEST_LIMITS = {
  unreadableAfterMs: 1_000,
  reportIntervalMs: 5_000,
} as const;
