// How log lines name a publish.
import type { PublishClaim } from '@millrace/domain';
import type { IngestCounts } from './ingest-counts.ts';

/** Its ids. */
export function claimIds(claim: PublishClaim) {
  return { tenant_id: claim.tenantId, stream_id: claim.streamId, session_id: claim.sessionId };
}

/**
 * The summary of a publish that has ended.
 *
 * @param encoder the name that the encoder gave itself, if its protocol carries one
 */
export function publishSummary(claim: PublishClaim, counts: IngestCounts, reason: string, encoder?: string) {
  return {
    ...claimIds(claim),
    reason,
    encoder,
    video_frames: counts.videoFrames,
    video_bytes: counts.videoBytes,
    keyframes: counts.keyframes,
    audio_frames: counts.audioFrames,
    audio_bytes: counts.audioBytes,
    data_messages: counts.dataMessages,
    data_bytes: counts.dataBytes,
  };
}
