import { z } from 'zod';
import { idField, nameField, optionalTimeText, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { tenantChoice } from '../tenants/tenant-choice.ts';
import type { SigningKeyEntity } from './signing-key.entity.ts';

const MAX_NAME_LENGTH = 100;

export const signingKeyParam = idField('signingKey');

export const createSigningKeyBody = z
  .strictObject({
    ...tenantChoice,
    name: nameField(MAX_NAME_LENGTH).default('signing key').describe('Display name of the key.'),
  })
  .meta({ id: 'CreateSigningKey' });
export type CreateSigningKeyBody = z.infer<typeof createSigningKeyBody>;

export const listSigningKeysQuery = z.strictObject({ ...pageQuery, tenant_id: idField('tenant').optional() });
export type ListSigningKeysQuery = z.infer<typeof listSigningKeysQuery>;

const fields = {
  id: signingKeyParam.describe('Value of the `kid` header in tokens signed with this key.'),
  tenant_id: idField('tenant'),
  name: z.string(),
  hint: z.string().describe('Last characters of the secret.'),
  status: z.enum(['active', 'revoked']),
  created_at: timeField(),
  revoked_at: timeField().nullable(),
  last_used_at: timeField().nullable().describe('When a token signed with it was last accepted, to the minute.'),
};

export const signingKeyAnswer = z.strictObject(fields).meta({ id: 'SigningKey' });
export type SigningKeyAnswer = z.infer<typeof signingKeyAnswer>;

export const signingKeyWithSecret = z
  .strictObject({ ...fields, key: z.string().describe('The secret itself. It is shown only once.') })
  .meta({ id: 'SigningKeyWithSecret' });
export type SigningKeyWithSecret = z.infer<typeof signingKeyWithSecret>;

export const signingKeyPage = pageOf(signingKeyAnswer).meta({ id: 'SigningKeyPage' });

export const writeSigningKey = (row: SigningKeyEntity): SigningKeyAnswer => ({
  id: row.id,
  tenant_id: row.tenantId,
  name: row.label,
  hint: row.hint,
  status: row.revokedAt === null ? 'active' : 'revoked',
  created_at: timeText(row.createdAt),
  revoked_at: optionalTimeText(row.revokedAt),
  last_used_at: optionalTimeText(row.lastUsedAt),
});
