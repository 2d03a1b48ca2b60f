// When a tenant is told that it uses most of a quota, or all of it (pure).

/** Of a quota, in percent: below 80, from 80 on, from 100 on. */
export const QUOTA_LEVELS = [0, 80, 100] as const;
export type QuotaLevel = (typeof QUOTA_LEVELS)[number];

const WARNING = 0.8;
/** A level is left a little below where it is reached, so that use that goes up and down there is reported once. */
const BELOW_WARNING = 0.75;
const BELOW_EXCEEDED = 0.95;

/** @param used as a fraction of the limit */
export function quotaLevel(before: QuotaLevel, used: number): QuotaLevel {
  if (used >= 1 || (before === 100 && used >= BELOW_EXCEEDED)) return 100;
  if (used >= WARNING || (before >= 80 && used >= BELOW_WARNING)) return 80;
  return 0;
}
