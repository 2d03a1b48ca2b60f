// Limits of playback that the code fixes.

export const PLAYBACK_CODE_LIMITS = {
  maxViewers: 200_000,
  maxViewersPerAddress: 10_000,
  maxViewersPerTenant: 100_000,
  maxMeteredTenants: 10_000,
};
