// Limits of what sessions leave behind, which the code fixes.

export const SESSION_CODE_LIMITS = {
  keptConnections: 100,
  keptEndedSessions: 10_000,
} as const;
