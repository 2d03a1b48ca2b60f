import type { PublishClaim } from '@millrace/domain';
import type { IngestCounts } from './ingest-counts.ts';

/** The publish that a log line is about. */
export function claimIds(claim: PublishClaim) {
  return { tenant_id: claim.tenantId, stream_id: claim.streamId, session_id: claim.sessionId };
}

/**
 * What a log line says of a publish that is over.
 *
 * @param encoder what the encoder called itself, where its protocol has a place for that
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
