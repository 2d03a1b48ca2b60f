import { MAX_ICE_URLS } from '@millrace/control';
import { z } from 'zod';
import { idField, timeField } from '../http/fields.ts';
import { tenantChoice } from '../tenants/tenant-choice.ts';

/** Bounds that no setting goes beyond; the setting itself is checked where it is known. */
const TTL_SECONDS = { min: 60, max: 30 * 24 * 60 * 60 };

export const iceServersParam = idField('iceServers');

export const createIceServersBody = z
  .strictObject({
    ...tenantChoice,
    ttl_seconds: z
      .int()
      .min(TTL_SECONDS.min)
      .max(TTL_SECONDS.max)
      .optional()
      .describe('Lifetime of the credential. Its allocations end with it.'),
  })
  .meta({ id: 'CreateIceServers' });
export type CreateIceServersBody = z.infer<typeof createIceServersBody>;

const iceServer = z
  .strictObject({
    urls: z.array(z.string()).min(1).max(MAX_ICE_URLS),
    username: z.string().optional(),
    credential: z.string().optional(),
  })
  .meta({ id: 'IceServer' });

export const iceServersAnswer = z
  .strictObject({
    id: iceServersParam,
    tenant_id: idField('tenant'),
    ice_servers: z.array(iceServer).describe('STUN and TURN servers with the credential. It is shown only once.'),
    iceServers: z
      .array(iceServer)
      .describe('The same, as browsers call it: pass the whole answer to `new RTCPeerConnection(answer)`.'),
    expires_at: timeField(),
  })
  .meta({ id: 'IceServers' });
export type IceServersAnswer = z.infer<typeof iceServersAnswer>;
