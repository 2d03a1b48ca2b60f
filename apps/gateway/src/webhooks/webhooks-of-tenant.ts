import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { EventEntity } from '../events/event.entity.ts';
import { TenantDependents } from '../tenants/tenant-dependents.ts';
import { WebhookDeliveryEntity } from './webhook-delivery.entity.ts';

/** Deletes the events and deliveries of a deleted tenant in batches: there are too many for one statement. */
@Injectable()
export class WebhooksOfTenant {
  constructor(
    private readonly database: Database,
    dependents: TenantDependents,
  ) {
    dependents.add({ deleteRows: (tenantId) => this.#deleteRows(tenantId) });
  }

  async #deleteRows(tenantId: string): Promise<void> {
    await deleteInBatches(this.database, WebhookDeliveryEntity, { tenantId });
    await deleteInBatches(this.database, EventEntity, { tenantId });
  }
}
