// ICE servers with credentials, from the control plane. A room without them is better than no room.
import type { IceServer } from '@millrace/rooms-client';
import type { RoomsContext } from './rooms-context.ts';

export interface IssuedIceServers {
  readonly ice_servers: readonly IceServer[];
  readonly ice_expires_at: string;
}

export async function issueIceServers(
  { control, settings, logger }: RoomsContext,
  tenantId: string,
  subject: string,
): Promise<IssuedIceServers> {
  const answer = await control.issueIceServers({ tenantId, subject }, settings.signalingAuthorizeMs);
  if (answer.granted)
    return { ice_servers: answer.iceServers, ice_expires_at: new Date(answer.expiresAtMs).toISOString() };
  logger.warn({ tenant_id: tenantId, refusal: answer.refusal }, 'no ICE servers were issued');
  return { ice_servers: [], ice_expires_at: new Date().toISOString() };
}
