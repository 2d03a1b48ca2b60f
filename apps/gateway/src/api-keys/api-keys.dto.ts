import { z } from 'zod';
import { SCOPES } from '../auth/scopes.ts';
import type { Scope } from '../auth/scopes.ts';
import {
  allowedAddressesField,
  DEFAULT_GRACE_SECONDS,
  graceSecondsField,
  futureTimeField,
  idField,
  nameField,
  optionalTimeText,
  timeField,
  timeText,
} from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import type { ApiKeyEntity } from './api-key.entity.ts';

const MAX_NAME_LENGTH = 100;

const name = nameField(MAX_NAME_LENGTH).describe('Display name of the key.');
const EXPIRES_AT = 'When the key stops working; null: never.';

const NO_SCOPE = 'must be a scope such as `live_streams:read`, or `*`';
// Not an enumeration: generators of clients cannot name `*`.
const scope = z
  .string()
  .regex(/^(\*|[a-z_]+:(read|write))$/, { error: NO_SCOPE, abort: true })
  .refine((text): text is Scope => SCOPES.includes(text as Scope), NO_SCOPE);
const scopes = z
  .array(scope)
  .min(1)
  .max(SCOPES.length)
  .describe('What the key may do: `*` or scopes such as `live_streams:read`. Writing does not include reading.');
const allowedAddresses = allowedAddressesField().describe(
  'Ranges that requests must come from; empty: from everywhere.',
);

export const apiKeyParam = idField('apiKey');

export const createApiKeyBody = z
  .strictObject({
    tenant_id: idField('tenant').describe('The tenant that the key gives access to.'),
    name,
    scopes: scopes.default(['*']),
    allowed_addresses: allowedAddresses.default([]),
    expires_at: futureTimeField().nullable().default(null).describe(EXPIRES_AT),
  })
  .meta({ id: 'CreateApiKey' });
export type CreateApiKeyBody = z.infer<typeof createApiKeyBody>;

export const updateApiKeyBody = z
  .strictObject({
    name: name.optional(),
    scopes: scopes.optional(),
    allowed_addresses: allowedAddresses.optional(),
    expires_at: futureTimeField().nullable().optional().describe(EXPIRES_AT),
  })
  .meta({ id: 'UpdateApiKey' });
export type UpdateApiKeyBody = z.infer<typeof updateApiKeyBody>;

export const rotateApiKeyBody = z
  .strictObject({
    grace_seconds: graceSecondsField().default(DEFAULT_GRACE_SECONDS).describe('How long the old key goes on working.'),
  })
  .meta({ id: 'RotateApiKey' });
export type RotateApiKeyBody = z.infer<typeof rotateApiKeyBody>;

export const listApiKeysQuery = z.strictObject({ ...pageQuery, tenant_id: idField('tenant').optional() });
export type ListApiKeysQuery = z.infer<typeof listApiKeysQuery>;

const fields = {
  id: apiKeyParam,
  tenant_id: idField('tenant').nullable().describe('null: the operator key.'),
  name: z.string(),
  hint: z.string().describe('Last characters of the secret.'),
  scopes: z.array(z.string()),
  allowed_addresses: z.array(z.string()),
  created_at: timeField(),
  updated_at: timeField(),
  expires_at: timeField().nullable().describe(EXPIRES_AT),
  last_used_at: timeField().nullable(),
  last_used_address: z.string().nullable().describe('Where the key was last used from.'),
};

export const apiKeyAnswer = z.strictObject(fields).meta({ id: 'ApiKey' });
export type ApiKeyAnswer = z.infer<typeof apiKeyAnswer>;

export const apiKeyWithSecret = z
  .strictObject({ ...fields, key: z.string().describe('The key itself. It is shown only once.') })
  .meta({ id: 'ApiKeyWithSecret' });
export type ApiKeyWithSecret = z.infer<typeof apiKeyWithSecret>;

export const apiKeyPage = pageOf(apiKeyAnswer).meta({ id: 'ApiKeyPage' });

export const writeApiKey = (row: ApiKeyEntity): ApiKeyAnswer => ({
  id: row.id,
  tenant_id: row.tenantId,
  name: row.label,
  hint: row.hint,
  scopes: row.scopes,
  allowed_addresses: row.allowedAddresses,
  created_at: timeText(row.createdAt),
  updated_at: timeText(row.updatedAt),
  expires_at: optionalTimeText(row.expiresAt),
  last_used_at: optionalTimeText(row.lastUsedAt),
  last_used_address: row.lastUsedAddress,
});

/** What is stored of a key, without its use. */
export function apiKeyObject(row: ApiKeyEntity): Omit<ApiKeyAnswer, 'last_used_at' | 'last_used_address'> {
  const { last_used_at: _at, last_used_address: _address, ...object } = writeApiKey(row);
  return object;
}
