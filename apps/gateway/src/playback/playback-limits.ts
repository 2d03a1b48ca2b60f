// Limits of playback that the code fixes.

export const PLAYBACK_CODE_LIMITS = {
  maxReads: 256,
  maxReadsPerAddress: 64,
  maxReadsPerTenant: 128,
  maxUnlistedReads: 32,
  maxUnlistedReadsPerAddress: 4,
  maxUnlistedReadsPerTenant: 16,
  maxHeldRequestBytes: 8 * 1024,
  maxLookups: 256,
  maxLookupsPerAddress: 16,
};
