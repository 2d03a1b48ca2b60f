// Limits of playback that the code fixes.

export const PLAYBACK_CODE_LIMITS = {
  maxReads: 256,
  maxReadsPerAddress: 64,
  maxReadsPerTenant: 128,
  maxWaitingReads: 1_024,
  maxWaitingReadsPerAddress: 256,
  maxWaitingReadsPerTenant: 512,
  maxUnlistedReads: 32,
  maxUnlistedReadsPerAddress: 4,
  maxUnlistedReadsPerTenant: 16,
  maxHeldRequestBytes: 8 * 1024,
  maxLookups: 256,
  maxLookupsPerAddress: 16,
};
