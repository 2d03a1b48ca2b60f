// Limits of metering that the code fixes.

export const METERING_LIMITS = {
  maxViewers: 200_000,
  maxViewersPerAddress: 10_000,
  maxViewersPerTenant: 100_000,
  maxMeteredTenants: 10_000,
};
