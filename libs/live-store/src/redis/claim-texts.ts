// A claim as the scripts take it and as the session's record holds it.
import type { PublishClaim, StreamSettings } from '@millrace/domain';

/** What the scripts only carry: the settings and, beside them, the trace. A reader that knows no traces passes that over. */
export const carriedText = ({ settings, traceparent }: Pick<PublishClaim, 'settings' | 'traceparent'>): string =>
  JSON.stringify(traceparent === undefined ? settings : { ...settings, traceparent });

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
  const { traceparent, ...carried } = JSON.parse(settings) as StreamSettings & { traceparent?: string };
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
    ...(traceparent !== undefined && { traceparent }),
  };
}
