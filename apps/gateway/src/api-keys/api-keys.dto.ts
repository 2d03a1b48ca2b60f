import { z } from 'zod';
import { idField, nameField, optionalTimeText, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import type { ApiKeyEntity } from './api-key.entity.ts';

const MAX_LABEL_LENGTH = 100;

const label = nameField(MAX_LABEL_LENGTH).describe('What people call the key.');
const expiresAt = timeField().nullable().describe('When the key stops working; null: never.');

export const apiKeyParam = idField('apiKey');

export const createApiKeyBody = z
  .strictObject({
    tenant_id: idField('tenant').describe('The tenant that the key reaches.'),
    label,
    expires_at: expiresAt.default(null),
  })
  .meta({ id: 'CreateApiKey' });
export type CreateApiKeyBody = z.infer<typeof createApiKeyBody>;

export const listApiKeysQuery = z.strictObject({ ...pageQuery, tenant_id: idField('tenant').optional() });
export type ListApiKeysQuery = z.infer<typeof listApiKeysQuery>;

const fields = {
  id: apiKeyParam,
  tenant_id: idField('tenant').nullable().describe("Null: the operator's key."),
  label: z.string(),
  hint: z.string().describe('The last characters of the secret.'),
  created_at: timeField(),
  expires_at: expiresAt,
  last_used_at: timeField().nullable(),
};

export const apiKeyAnswer = z.strictObject(fields).meta({ id: 'ApiKey' });
export type ApiKeyAnswer = z.infer<typeof apiKeyAnswer>;

export const apiKeyWithSecret = z
  .strictObject({ ...fields, key: z.string().describe('The key itself. It is shown this once.') })
  .meta({ id: 'ApiKeyWithSecret' });
export type ApiKeyWithSecret = z.infer<typeof apiKeyWithSecret>;

export const apiKeyPage = pageOf(apiKeyAnswer).meta({ id: 'ApiKeyPage' });

export const writeApiKey = (row: ApiKeyEntity): ApiKeyAnswer => ({
  id: row.id,
  tenant_id: row.tenantId,
  label: row.label,
  hint: row.hint,
  created_at: timeText(row.createdAt),
  expires_at: optionalTimeText(row.expiresAt),
  last_used_at: optionalTimeText(row.lastUsedAt),
});
