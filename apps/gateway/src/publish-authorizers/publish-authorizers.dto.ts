import { z } from 'zod';
import { idField, optionalTimeText, timeField, timeText } from '../http/fields.ts';
import { rotateWebhookSecretBody } from '../webhooks/webhook-endpoints.dto.ts';
import { MAX_URL_LENGTH } from '../webhooks/webhook-targets.ts';
import type { PublishAuthorizerEntity } from './publish-authorizer.entity.ts';
import type { TestedAuthorizer } from './publish-permission.ts';

const onFailure = z
  .enum(['refuse', 'allow'])
  .describe('What happens to a publisher when the endpoint gives no decision within 2 seconds.');

export const setPublishAuthorizerBody = z
  .strictObject({
    url: z
      .string()
      .min(1)
      .max(MAX_URL_LENGTH)
      .describe('URL that is asked: https:// at a public address. Redirects are not followed.'),
    on_failure: onFailure.default('refuse'),
  })
  .meta({ id: 'SetPublishAuthorizer' });
export type SetPublishAuthorizerBody = z.infer<typeof setPublishAuthorizerBody>;

export const testPublishAuthorizerBody = z
  .strictObject({
    live_stream_id: idField('liveStream')
      .optional()
      .describe('The live stream that the endpoint is asked about; none when not given.'),
  })
  .meta({ id: 'TestPublishAuthorizer' });
export type TestPublishAuthorizerBody = z.infer<typeof testPublishAuthorizerBody>;

export const publishAuthorizerTest = z
  .strictObject({
    request_id: z.string().describe('`webhook-id` and `id` of the request that the endpoint got.'),
    decision: z
      .enum(['allowed', 'refused', 'none'])
      .describe('What the endpoint has decided: 2xx allows, 401 or 403 refuses, anything else is no decision.'),
    publishers: z
      .enum(['allowed', 'refused'])
      .describe('What this answer means for an encoder; without a decision, what `on_failure` says.'),
    status_code: z.int().nullable().describe('HTTP status of the answer; null without an answer.'),
    response_body: z.string().describe('The first 2 KiB of the answer.'),
    address: z.string().nullable().describe('IP address that the request was sent to.'),
    duration_ms: z.int().min(0),
    error: z.string().nullable().describe('What went wrong, when there is no decision.'),
  })
  .meta({ id: 'PublishAuthorizerTest' });
export type PublishAuthorizerTest = z.infer<typeof publishAuthorizerTest>;

export const rotateAuthorizerSecretBody = rotateWebhookSecretBody;
export type { RotateWebhookSecretBody as RotateAuthorizerSecretBody } from '../webhooks/webhook-endpoints.dto.ts';

const fields = {
  tenant_id: idField('tenant'),
  url: z.string(),
  on_failure: onFailure,
  previous_secret_expires_at: timeField()
    .nullable()
    .describe('Requests are also signed with the old secret until this time.'),
  created_at: timeField(),
  updated_at: timeField(),
};

export const publishAuthorizerAnswer = z.strictObject(fields).meta({ id: 'PublishAuthorizer' });
export type PublishAuthorizerAnswer = z.infer<typeof publishAuthorizerAnswer>;

export const publishAuthorizerWithSecret = z
  .strictObject({
    ...fields,
    secret: z
      .string()
      .nullable()
      .describe(
        'Secret that requests are signed with (Standard Webhooks); shown only when it is made, otherwise null.',
      ),
  })
  .meta({ id: 'PublishAuthorizerWithSecret' });
export type PublishAuthorizerWithSecret = z.infer<typeof publishAuthorizerWithSecret>;

export const writePublishAuthorizer = (row: PublishAuthorizerEntity): PublishAuthorizerAnswer => ({
  tenant_id: row.tenantId,
  url: row.url,
  on_failure: row.onFailure,
  previous_secret_expires_at: optionalTimeText(row.previousExpiresAt),
  created_at: timeText(row.createdAt),
  updated_at: timeText(row.updatedAt),
});

export const writePublishAuthorizerTest = (
  { requestId, decision, attempt, durationMs }: TestedAuthorizer,
  { onFailure }: Pick<PublishAuthorizerEntity, 'onFailure'>,
): PublishAuthorizerTest => ({
  request_id: requestId,
  decision,
  publishers: decision === 'allowed' || (decision === 'none' && onFailure === 'allow') ? 'allowed' : 'refused',
  status_code: attempt.statusCode,
  response_body: attempt.responseBody,
  address: attempt.address,
  duration_ms: durationMs,
  error: decision === 'none' ? attempt.error : null,
});

/** The authorizer as the audit log keeps it: a query may contain a secret of the receiver. */
export function authorizerObject(row: PublishAuthorizerEntity): PublishAuthorizerAnswer {
  const { origin, pathname } = new URL(row.url);
  return { ...writePublishAuthorizer(row), url: origin + pathname };
}
