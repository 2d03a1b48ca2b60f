import { z } from 'zod';
import { idField, timeField } from '../http/fields.ts';
import {
  DEFAULT_PERMISSIONS,
  identityField,
  participantNameField,
  permissionFields,
} from '../join-tokens/join-claims.ts';

const MIN_TTL_SECONDS = 10;
/** A bound that no setting goes beyond; the setting itself is checked where it is known. */
const MAX_TTL_SECONDS = 3_660 * 24 * 60 * 60;

export const createTokenBody = z
  .strictObject({
    identity: identityField
      .optional()
      .describe(
        'Your own identifier for the participant: an identity can be in a room only once. Without it, the token admits any number of guests.',
      ),
    name: participantNameField
      .optional()
      .describe('Display name that the others see; without it the participant chooses one.'),
    permissions: z
      .strictObject(permissionFields)
      .meta({ id: 'TokenPermissions' })
      .default(DEFAULT_PERMISSIONS)
      .describe('What the participant may do; when omitted, everything, except changing a name that the token sets.'),
    ttl_seconds: z
      .int()
      .min(MIN_TTL_SECONDS)
      .max(MAX_TTL_SECONDS)
      .optional()
      .describe('How long the token can be used to join. Participants who have joined stay.'),
  })
  .meta({ id: 'CreateToken' });
export type CreateTokenBody = z.infer<typeof createTokenBody>;

export const tokenAnswer = z
  .strictObject({
    token: z.string().describe('Gives access to the room to anyone who has it. It is shown only once.'),
    expires_at: timeField(),
    room_id: idField('room'),
    signaling_url: z.string().describe('URL that a client connects its WebSocket to.'),
    call_url: z.string().describe('The call page. The token comes after `#`, which browsers do not send to servers.'),
  })
  .meta({ id: 'Token' });
export type TokenAnswer = z.infer<typeof tokenAnswer>;
