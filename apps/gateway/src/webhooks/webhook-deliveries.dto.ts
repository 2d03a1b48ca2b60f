import { z } from 'zod';
import { idField, optionalTimeText, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { eventAnswer } from '../events/events.dto.ts';
import type { EventBody } from '../events/event.entity.ts';
import type { WebhookAttemptEntity, WebhookDeliveryEntity } from './webhook-delivery.entity.ts';

export const webhookDeliveryParam = idField('webhookDelivery');

const status = z
  .enum(['pending', 'succeeded', 'failed'])
  .describe('pending: waiting for the first or next attempt. failed: there are no further attempts; redeliver it.');

export const listWebhookDeliveriesQuery = z.strictObject({
  ...pageQuery,
  tenant_id: idField('tenant').optional(),
  status: status.optional(),
  webhook_endpoint_id: idField('webhookEndpoint').optional(),
  event_id: idField('event').optional(),
});
export type ListWebhookDeliveriesQuery = z.infer<typeof listWebhookDeliveriesQuery>;

const fields = {
  id: webhookDeliveryParam,
  tenant_id: idField('tenant'),
  webhook_endpoint_id: idField('webhookEndpoint'),
  event_id: idField('event'),
  event_type: z.string(),
  object_id: z.string(),
  status,
  attempt_count: z.int().describe('Number of attempts started.'),
  next_attempt_at: timeField().nullable(),
  last_status_code: z.int().nullable(),
  last_error: z.string().nullable().describe('Why the last attempt failed.'),
  created_at: timeField(),
  finished_at: timeField().nullable(),
};

export const webhookDeliveryAnswer = z.strictObject(fields).meta({ id: 'WebhookDelivery' });
export type WebhookDeliveryAnswer = z.infer<typeof webhookDeliveryAnswer>;

const attempt = z
  .strictObject({
    attempt: z.int().describe('Number of the attempt, from 1.'),
    url: z.string(),
    address: z.string().nullable().describe('IP address that the gateway connected to.'),
    started_at: timeField(),
    duration_ms: z.int(),
    status_code: z.int().nullable(),
    response_body: z.string().describe('First 2 KiB of the response body.'),
    error: z.string().nullable(),
  })
  .meta({ id: 'WebhookAttempt' });

export const webhookDeliveryDetails = z
  .strictObject({
    ...fields,
    event: eventAnswer.describe('Body of the request.'),
    attempts: z.array(attempt),
  })
  .meta({ id: 'WebhookDeliveryDetails' });
export type WebhookDeliveryDetails = z.infer<typeof webhookDeliveryDetails>;

export const webhookDeliveryPage = pageOf(webhookDeliveryAnswer).meta({ id: 'WebhookDeliveryPage' });

export const writeWebhookDelivery = (row: WebhookDeliveryEntity): WebhookDeliveryAnswer => ({
  id: row.id,
  tenant_id: row.tenantId,
  webhook_endpoint_id: row.endpointId,
  event_id: row.eventId,
  event_type: row.eventType,
  object_id: row.objectId,
  status: row.status,
  attempt_count: row.attempts,
  next_attempt_at: optionalTimeText(row.nextAttemptAt),
  last_status_code: row.lastStatusCode,
  last_error: row.lastError,
  created_at: timeText(row.createdAt),
  finished_at: optionalTimeText(row.finishedAt),
});

export const writeWebhookDeliveryDetails = (
  row: WebhookDeliveryEntity,
  event: EventBody,
  attempts: readonly WebhookAttemptEntity[],
): WebhookDeliveryDetails => ({
  ...writeWebhookDelivery(row),
  event,
  attempts: attempts.map((one) => ({
    attempt: one.attempt,
    url: one.url,
    address: one.address,
    started_at: timeText(one.startedAt),
    duration_ms: one.durationMs,
    status_code: one.statusCode,
    response_body: one.responseBody,
    error: one.error,
  })),
});
