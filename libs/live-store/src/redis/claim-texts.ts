// A claim as the scripts take it and as the session's record holds it.
import type { PublishClaim, StreamSettings } from '@millrace/domain';
import type { EncoderDetails, Standby } from '../live-store.ts';

/**
 * What the scripts only carry: the settings and, beside them, the role, the quota and the trace. A reader of an older release passes
 * these over. The scripts look for the role and the quota as they are written here.
 */
export const carriedText = ({
  settings,
  role,
  maxLiveStreams,
  traceparent,
}: Pick<PublishClaim, 'settings' | 'role' | 'maxLiveStreams' | 'traceparent'>): string =>
  JSON.stringify({
    ...settings,
    ...(role !== undefined && { role }),
    ...(maxLiveStreams !== undefined && { maxLiveStreams }),
    ...(traceparent !== undefined && { traceparent }),
  });

/** The ten texts that the publication scripts call a claim, in their order. */
export function claimTexts(claim: PublishClaim): string[] {
  return [
    claim.streamId,
    String(claim.epoch),
    claim.sessionId,
    String(claim.sessionStartedAtMs),
    String(claim.epochStartedAtMs),
    claim.tenantId,
    claim.streamKeyId,
    claim.edgeId,
    carriedText(claim),
    String(claim.settings.reconnectWindowMs),
  ];
}

type Carried = StreamSettings & Pick<PublishClaim, 'role' | 'maxLiveStreams' | 'traceparent'>;

/** The fields of the record of an encoder that waits, as HMGET takes them. */
export const STANDBY_FIELDS = ['since', 'key', 'edge', 'settings', 'ready', 'details'] as const;

/** @param shiftMs what the reader's clock is ahead of the server's */
export function standbyOf(fields: readonly (string | null | undefined)[], shiftMs: number): Standby | undefined {
  const [since, streamKeyId, edgeId, settings, ready, details] = fields;
  if (!since || !streamKeyId || !settings) return undefined;
  const { role = 'primary' } = JSON.parse(settings) as Carried;
  return {
    role,
    streamKeyId,
    edgeId: edgeId ?? '',
    sinceMs: Number(since) + shiftMs,
    isReady: ready === '1',
    details: details ? (JSON.parse(details) as EncoderDetails) : undefined,
  };
}

/** The fields of a session's record that make its claim, and whether it is ended, as HMGET takes them. */
export const SESSION_FIELDS = [
  'epoch',
  'session',
  'started',
  'begun',
  'tenant',
  'key',
  'edge',
  'settings',
  'ended',
] as const;

/** @returns the claim of an open session; undefined when there is none */
export function sessionClaim(
  streamId: string,
  fields: readonly (string | null | undefined)[],
): PublishClaim | undefined {
  const [epoch, sessionId, started, begun, tenantId, streamKeyId, edgeId, settings, ended] = fields;
  if (!epoch || !sessionId || !tenantId || !streamKeyId || !settings || ended === '1') return undefined;
  const { role, maxLiveStreams, traceparent, ...carried } = JSON.parse(settings) as Carried;
  return {
    tenantId,
    streamId,
    streamKeyId,
    sessionId,
    epoch: Number(epoch),
    edgeId: edgeId ?? '',
    sessionStartedAtMs: Number(started),
    epochStartedAtMs: Number(begun),
    settings: carried,
    ...(role !== undefined && { role }),
    ...(maxLiveStreams !== undefined && { maxLiveStreams }),
    ...(traceparent !== undefined && { traceparent }),
  };
}
