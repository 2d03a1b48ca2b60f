// Limits of signed playback that the code fixes.

export const PLAYBACK_TOKEN_CODE_LIMITS = {
  maxTokenLength: 4_096,
  maxViewerIdLength: 40,
  maxTokenIdLength: 128,
  maxTokenOrigins: 20,
  clockToleranceMs: 10_000,
  keptRevokedKeys: 100,
  revocationLookMs: 1_000,
  maxVerifications: 64,
  maxVerificationsPerAddress: 8,
  maxVerificationsPerTenant: 32,
  maxVerifiedTokens: 20_000,
} as const;
