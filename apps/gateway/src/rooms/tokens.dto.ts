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
      .describe('Your own name for who joins: the same identity is in a room once. Without it: guests, any number.'),
    name: participantNameField.optional().describe('What the others see; without it the participant chooses.'),
    permissions: z
      .strictObject(permissionFields)
      .meta({ id: 'TokenPermissions' })
      .default(DEFAULT_PERMISSIONS)
      .describe('What the participant may do; all of it when not given, but for a name that the token gives.'),
    ttl_seconds: z
      .int()
      .min(MIN_TTL_SECONDS)
      .max(MAX_TTL_SECONDS)
      .optional()
      .describe('How long somebody may join with it. Who has joined stays.'),
  })
  .meta({ id: 'CreateToken' });
export type CreateTokenBody = z.infer<typeof createTokenBody>;

export const tokenAnswer = z
  .strictObject({
    token: z.string().describe('Opens the room to whoever has it. It is shown this once.'),
    expires_at: timeField(),
    room_id: idField('room'),
    signaling_url: z.string().describe('Where a client connects its WebSocket.'),
    call_url: z.string().describe('A page to talk on. The token stands behind `#`: browsers send that to no server.'),
  })
  .meta({ id: 'Token' });
export type TokenAnswer = z.infer<typeof tokenAnswer>;
