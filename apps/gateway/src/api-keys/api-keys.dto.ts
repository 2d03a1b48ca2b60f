import { z } from 'zod';
import { futureTimeField, idField, nameField, optionalTimeText, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import type { ApiKeyEntity } from './api-key.entity.ts';

const MAX_NAME_LENGTH = 100;

const name = nameField(MAX_NAME_LENGTH).describe('Display name of the key.');
const EXPIRES_AT = 'When the key stops working; null: never.';

export const apiKeyParam = idField('apiKey');

export const createApiKeyBody = z
  .strictObject({
    tenant_id: idField('tenant').describe('The tenant that the key gives access to.'),
    name,
    expires_at: futureTimeField().nullable().default(null).describe(EXPIRES_AT),
  })
  .meta({ id: 'CreateApiKey' });
export type CreateApiKeyBody = z.infer<typeof createApiKeyBody>;

export const listApiKeysQuery = z.strictObject({ ...pageQuery, tenant_id: idField('tenant').optional() });
export type ListApiKeysQuery = z.infer<typeof listApiKeysQuery>;

const fields = {
  id: apiKeyParam,
  tenant_id: idField('tenant').nullable().describe('null: the operator key.'),
  name: z.string(),
  hint: z.string().describe('Last characters of the secret.'),
  created_at: timeField(),
  expires_at: timeField().nullable().describe(EXPIRES_AT),
  last_used_at: timeField().nullable(),
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
  created_at: timeText(row.createdAt),
  expires_at: optionalTimeText(row.expiresAt),
  last_used_at: optionalTimeText(row.lastUsedAt),
});
