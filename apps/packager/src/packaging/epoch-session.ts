// Which session an epoch belongs to.
import type { FramePosition, PublishClaim, ResumePoint } from '@millrace/domain';

export interface EpochSession {
  readonly sessionId: string;
  /** Wall-clock time that belongs to decode time 0 of the epoch, in milliseconds since 1970. */
  readonly epochZeroMs: number;
  /** Target duration of its segments; undefined when it is not known any more, and that of the epoch before holds. */
  readonly segmentTargetMs: number | undefined;
  /** How many segments have the same key, 0 without encryption; undefined likewise. */
  readonly keyRotationSegments: number | undefined;
  /** Of a session that begins with this epoch, if it has low latency. */
  readonly partDurationMs?: number | undefined;
}

/** An epoch that begins in the log, as the segmenter needs to know it. */
export interface EpochStart extends Omit<EpochSession, 'segmentTargetMs' | 'keyRotationSegments'> {
  /** Of its first frame that the log holds. */
  readonly position: FramePosition;
  /** Undefined: as before. */
  readonly segmentTargetMs?: number | undefined;
  readonly keyRotationSegments?: number | undefined;
}

/**
 * Says what is known of an epoch that begins in the log.
 * @param claim the newest one seen
 * @param point the state before the epoch
 * @param rebuildTo a later state that was committed once
 * @returns undefined when the epoch is newer than the claim: its own claim must be read first
 */
export function epochSession(
  epoch: number,
  claim: PublishClaim,
  point: ResumePoint,
  rebuildTo: ResumePoint | undefined,
): EpochSession | undefined {
  if (epoch > claim.epoch) return undefined;
  const settings = settingsOf(epoch === claim.epoch ? claim : undefined);
  const { partDurationMs } = claim.settings;
  if (rebuildTo?.position.epoch === epoch) {
    const { sessionId, epochZeroMs, partDurationMs: rebuilt } = rebuildTo;
    return { sessionId, epochZeroMs, ...settings, partDurationMs: rebuilt };
  }
  if (epoch === claim.epoch)
    return { sessionId: claim.sessionId, epochZeroMs: claim.epochStartedAtMs, ...settings, partDurationMs };
  // Its claim is gone. An epoch is the time at which it began, unless clocks were set back; sessions follow one another.
  const sessionId = epoch >= claim.sessionStartedAtMs ? claim.sessionId : point.sessionId;
  // The first epoch of the claim's session: its settings are as good as those that it had.
  return {
    sessionId,
    epochZeroMs: epoch,
    ...settings,
    partDurationMs: sessionId === claim.sessionId ? partDurationMs : undefined,
  };
}

/** What the claim of an epoch decides about its segments. */
const settingsOf = (
  claim: PublishClaim | undefined,
): Pick<EpochSession, 'segmentTargetMs' | 'keyRotationSegments'> => ({
  segmentTargetMs: claim?.settings.segmentTargetMs,
  keyRotationSegments: claim && (claim.settings.keyRotationSegments ?? 0),
});
