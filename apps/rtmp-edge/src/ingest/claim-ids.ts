import type { PublishClaim } from '@millrace/domain';
import type { LivePublisher } from './live-publisher.ts';

/** Whose publish a log line is about. */
export function claimIds(claim: PublishClaim) {
  return { tenant_id: claim.tenantId, stream_id: claim.streamId, session_id: claim.sessionId };
}

/** What a log line says of a publish that is over. */
export function publishSummary({ claim, metadata, counts }: LivePublisher, reason: string) {
  return {
    ...claimIds(claim),
    reason,
    encoder: metadata?.encoder,
    video_frames: counts.videoFrames,
    video_bytes: counts.videoBytes,
    keyframes: counts.keyframes,
    audio_frames: counts.audioFrames,
    audio_bytes: counts.audioBytes,
    data_messages: counts.dataMessages,
    data_bytes: counts.dataBytes,
  };
}
