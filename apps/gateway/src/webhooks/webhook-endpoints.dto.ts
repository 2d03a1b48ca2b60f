import { z } from 'zod';
import {
  DEFAULT_GRACE_SECONDS,
  graceSecondsField,
  idField,
  optionalTimeText,
  timeField,
  timeText,
} from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { eventFilters, eventTypes } from '../events/event-types.ts';
import { tenantChoice } from '../tenants/tenant-choice.ts';
import { MAX_URL_LENGTH } from './webhook-targets.ts';
import type { WebhookEndpointEntity } from './webhook-endpoint.entity.ts';

const MAX_DESCRIPTION_LENGTH = 200;

export const webhookEndpointParam = idField('webhookEndpoint');

const target = z
  .string()
  .min(1)
  .max(MAX_URL_LENGTH)
  .describe('URL that events are posted to: https:// at a public address. Redirects are not followed.');
const description = z
  .string()
  .max(MAX_DESCRIPTION_LENGTH)
  .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'must be one line of visible characters');
// Not an enumeration: client generators have no identifier for `*`.
const filter = z
  .string()
  .regex(/^(\*|[a-z_]+\.(\*|[a-z_]+))$/)
  .refine((text) => eventFilters.includes(text), 'must be an event type, a resource followed by `.*`, or `*`');
const events = z
  .array(filter)
  .min(1)
  .max(eventFilters.length)
  .describe('Events to deliver: types, all types of one resource such as `live_stream.*`, or `*`.');

export const createWebhookEndpointBody = z
  .strictObject({ ...tenantChoice, url: target, events, description: description.default('') })
  .meta({ id: 'CreateWebhookEndpoint' });
export type CreateWebhookEndpointBody = z.infer<typeof createWebhookEndpointBody>;

export const updateWebhookEndpointBody = z
  .strictObject({
    url: target.optional(),
    events: events.optional(),
    description: description.optional(),
    enabled: z
      .boolean()
      .optional()
      .describe(
        'Pending deliveries wait while an endpoint is disabled. Events that occur meanwhile are not delivered; replay them.',
      ),
  })
  .meta({ id: 'UpdateWebhookEndpoint' });
export type UpdateWebhookEndpointBody = z.infer<typeof updateWebhookEndpointBody>;

export const rotateWebhookSecretBody = z
  .strictObject({
    grace_seconds: graceSecondsField()
      .default(DEFAULT_GRACE_SECONDS)
      .describe('How long deliveries are also signed with the old secret.'),
  })
  .meta({ id: 'RotateWebhookSecret' });
export type RotateWebhookSecretBody = z.infer<typeof rotateWebhookSecretBody>;

const instant = () => z.iso.datetime({ offset: true });

export const replayEventsBody = z
  .strictObject({
    from: instant().describe('Start of the range: events at or after this time.'),
    to: instant().describe('End of the range: events before this time.'),
    types: z.array(z.enum(eventTypes)).min(1).max(eventTypes.length).optional().describe('Only events of these types.'),
  })
  .meta({ id: 'ReplayEvents' });
export type ReplayEventsBody = z.infer<typeof replayEventsBody>;

export const replayAnswer = z
  .strictObject({ deliveries: z.int().describe('Number of deliveries created.') })
  .meta({ id: 'Replay' });
export type ReplayAnswer = z.infer<typeof replayAnswer>;

export const listWebhookEndpointsQuery = z.strictObject({ ...pageQuery, tenant_id: idField('tenant').optional() });
export type ListWebhookEndpointsQuery = z.infer<typeof listWebhookEndpointsQuery>;

const fields = {
  id: webhookEndpointParam,
  tenant_id: idField('tenant'),
  url: z.string(),
  description: z.string(),
  events: z.array(z.string()),
  enabled: z.boolean(),
  disabled_reason: z
    .enum(['request', 'failing', 'gone'])
    .nullable()
    .describe(
      'request: through this API. failing: every attempt failed for five days. gone: the endpoint answered 410.',
    ),
  failing_since: timeField().nullable().describe('Every attempt since this time has failed.'),
  previous_secret_expires_at: timeField()
    .nullable()
    .describe('Deliveries are also signed with the old secret until this time.'),
  created_at: timeField(),
  updated_at: timeField(),
};

export const webhookEndpointAnswer = z.strictObject(fields).meta({ id: 'WebhookEndpoint' });
export type WebhookEndpointAnswer = z.infer<typeof webhookEndpointAnswer>;

export const webhookEndpointWithSecret = z
  .strictObject({
    ...fields,
    secret: z.string().describe('Secret that deliveries are signed with (Standard Webhooks); shown only once.'),
  })
  .meta({ id: 'WebhookEndpointWithSecret' });
export type WebhookEndpointWithSecret = z.infer<typeof webhookEndpointWithSecret>;

export const webhookEndpointPage = pageOf(webhookEndpointAnswer).meta({ id: 'WebhookEndpointPage' });

export const writeWebhookEndpoint = (row: WebhookEndpointEntity): WebhookEndpointAnswer => ({
  id: row.id,
  tenant_id: row.tenantId,
  url: row.url,
  description: row.description,
  events: row.eventTypes,
  enabled: row.enabled,
  disabled_reason: row.disabledReason,
  failing_since: optionalTimeText(row.failingSince),
  previous_secret_expires_at: optionalTimeText(row.previousExpiresAt),
  created_at: timeText(row.createdAt),
  updated_at: timeText(row.updatedAt),
});

/** An endpoint as shown in events. Other endpoints receive these, so the query is left out: it may contain a secret of the receiver. */
export function endpointObject(row: WebhookEndpointEntity): WebhookEndpointAnswer {
  const { origin, pathname } = new URL(row.url);
  return { ...writeWebhookEndpoint(row), url: origin + pathname };
}
