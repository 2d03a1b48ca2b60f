import type { PublishClaim } from '@millrace/domain';

/** Whose publish a log line is about. */
export function claimIds(claim: PublishClaim) {
  return { tenant_id: claim.tenantId, stream_id: claim.streamId, session_id: claim.sessionId };
}
