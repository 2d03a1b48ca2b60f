// What a join token says: a JWT (RFC 7519) of the tenant, made by REST or by the tenant itself with a signing key.
import { MAX_IDENTITY_LENGTH, MAX_PARTICIPANT_NAME_LENGTH, MAX_TOKEN_ID_LENGTH } from '@millrace/control';
import { ALL_PERMISSIONS } from '@millrace/domain';
import type { ParticipantPermissions } from '@millrace/domain';
import { z } from 'zod';
import { idField, nameField } from '../http/fields.ts';

/** RFC 7518 section 3.2. The only one: a token does not choose how it is checked. */
export const JOIN_TOKEN_ALGORITHM = 'HS256';

export const identityField = nameField(MAX_IDENTITY_LENGTH);
export const participantNameField = nameField(MAX_PARTICIPANT_NAME_LENGTH);

export const permissionFields = {
  publish: z.boolean().default(ALL_PERMISSIONS.publish).describe('May send camera, microphone and screen.'),
  chat: z.boolean().default(ALL_PERMISSIONS.chat).describe('May write to the others.'),
  rename: z
    .boolean()
    .optional()
    .describe('May choose its own name, when joining and later. When not given: only where the token has no name.'),
};
const permissionsField = z.strictObject(permissionFields);
export const DEFAULT_PERMISSIONS: z.output<typeof permissionsField> = { publish: true, chat: true };

/** A name that the tenant vouches for is not for the participant to change, unless the token says so. */
export const permissionsOf = ({
  permissions: { publish, chat, rename },
  name,
}: Readonly<{
  permissions: z.output<typeof permissionsField>;
  name?: string | undefined;
}>): ParticipantPermissions => ({
  publish,
  chat,
  rename: rename ?? name === undefined,
});

/** The registered claims of RFC 7519 section 4.1 that are used, and three of our own. Others are ignored, as section 4 says. */
export const joinClaims = z.object({
  /** The tenant. */
  iss: idField('tenant'),
  /** The tenant's own name for the participant; without it a guest, and any number of guests may join with one token. */
  sub: identityField.optional(),
  room: idField('room'),
  name: participantNameField.optional(),
  permissions: permissionsField.default(DEFAULT_PERMISSIONS),
  iat: z.number(),
  nbf: z.number().optional(),
  exp: z.number(),
  /** RFC 7519 section 4.1.7. One that is not of this form names nothing, and is no reason to refuse the token. */
  jti: z.string().min(1).max(MAX_TOKEN_ID_LENGTH).optional().catch(undefined),
  /** RFC 7519 section 4.1.3: a token that is meant for another audience MUST be rejected. */
  aud: z.undefined().optional(),
});
export type JoinClaims = z.infer<typeof joinClaims>;

/** RFC 7518 section 3.2 wants 256 bits: the text of a secret has 43 characters, of about 178 random bits. */
export const signingBytes = (secret: string): Uint8Array => Buffer.from(secret, 'utf8');
