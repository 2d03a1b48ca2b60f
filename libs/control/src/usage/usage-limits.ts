// Limits of usage that the code fixes.

export const USAGE_LIMITS = {
  /** Amounts that a process counts at once: of the current hour, and of hours that are not recorded yet. */
  maxAmounts: 20_000,
  /** Of one tenant; beyond it, streams are counted together. */
  maxAmountsPerTenant: 2_000,
  /** Amounts beyond `maxAmounts` that are not of a live stream: so that each tenant is counted at all. */
  maxTenantAmounts: 20_000,
  /** Quotas of tenants that a process has measured since its last report. */
  maxReadings: 20_000,
  reportIntervalMs: 4_000,
} as const;
