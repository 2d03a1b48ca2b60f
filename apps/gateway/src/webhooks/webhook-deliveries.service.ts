import { Injectable } from '@nestjs/common';
import { newId } from '@millrace/domain';
import type { EntityManager, FindOptionsWhere } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { listScope, notFound, ownedBy } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { markCommit } from '../database/commit-news.ts';
import { Database } from '../database/database.ts';
import { EVENTS_COMMITTED } from '../events/append-event.ts';
import { EventEntity } from '../events/event.entity.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { WebhookAttemptEntity, WebhookDeliveryEntity } from './webhook-delivery.entity.ts';
import { writeWebhookDelivery, writeWebhookDeliveryDetails } from './webhook-deliveries.dto.ts';
import { refuseTooManyPending } from './webhook-endpoints.service.ts';
import type {
  ListWebhookDeliveriesQuery,
  WebhookDeliveryAnswer,
  WebhookDeliveryDetails,
} from './webhook-deliveries.dto.ts';

@Injectable()
export class WebhookDeliveriesService {
  constructor(private readonly database: Database) {}

  async list(caller: Principal, query: ListWebhookDeliveriesQuery): Promise<Page<WebhookDeliveryAnswer>> {
    const { before, order, take } = pageFind('webhookDelivery', query);
    const where: FindOptionsWhere<WebhookDeliveryEntity> = {
      ...before,
      ...listScope(caller, query.tenant_id),
      ...(query.status !== undefined && { status: query.status }),
      ...(query.webhook_endpoint_id !== undefined && { endpointId: query.webhook_endpoint_id }),
      ...(query.event_id !== undefined && { eventId: query.event_id }),
    };
    const rows = await this.database.run((manager) => manager.find(WebhookDeliveryEntity, { where, order, take }));
    return toPage(rows, query.limit, writeWebhookDelivery);
  }

  async read(caller: Principal, id: string): Promise<WebhookDeliveryDetails> {
    return this.database.run(async (manager) => {
      const row = await findDelivery(manager, caller, id);
      const event = await manager.findOneBy(EventEntity, { id: row.eventId });
      if (event === null) throw notFound();
      const order = { attempt: 'ASC' } as const;
      const attempts = await manager.find(WebhookAttemptEntity, { where: { deliveryId: id }, order });
      return writeWebhookDeliveryDetails(row, event.body, attempts);
    });
  }

  /** Delivers the same event once more, as a delivery of its own. */
  async redeliver(caller: Principal, id: string): Promise<WebhookDeliveryAnswer> {
    return this.database.transaction(async (manager) => {
      const found = await findDelivery(manager, caller, id);
      await refuseTooManyPending(manager, found.endpointId);
      const now = new Date();
      const row: WebhookDeliveryEntity = {
        ...found,
        id: newId('whd'),
        status: 'pending',
        attempts: 0,
        nextAttemptAt: now,
        lastStatusCode: null,
        lastError: null,
        createdAt: now,
        finishedAt: null,
      };
      await manager.insert(WebhookDeliveryEntity, row);
      const after = { id: row.id, webhook_endpoint_id: row.endpointId, event_id: row.eventId };
      await recordChange(manager, caller, { tenantId: row.tenantId, objectId: id, after });
      markCommit(manager, EVENTS_COMMITTED);
      return writeWebhookDelivery(row);
    });
  }
}

async function findDelivery(manager: EntityManager, caller: Principal, id: string): Promise<WebhookDeliveryEntity> {
  const row = await manager.findOneBy(WebhookDeliveryEntity, { id, ...ownedBy(caller) });
  if (row === null) throw notFound();
  return row;
}
