/** Limits of every protocol that need no setting. */
export const INGEST_LIMITS = {
  unreadableAfterMs: 1_000,
  reportIntervalMs: 5_000,
  /** A condition that keeps coming back is over after this many good reports at the most. */
  recoveryWindows: 60,
} as const;
