// Limits of usage that the code fixes.

export const USAGE_CODE_LIMITS = {
  maxWaitingReports: 1_000,
  lateHours: 24,
  maxRangeDays: 400,
  readingValidMs: 15_000,
} as const;
