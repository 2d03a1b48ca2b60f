// What becomes of a tenant's live streams when the tenant is suspended or deleted.
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { PublisherCuts } from '../publisher-cuts/publisher-cuts.ts';
import { SessionEntity } from '../sessions/session.entity.ts';
import { TenantDependents } from '../tenants/tenant-dependents.ts';
import type { TenantDependent } from '../tenants/tenant-dependents.ts';
import { LiveStreamEntity } from './live-stream.entity.ts';

@Injectable()
export class StreamsOfTenant implements TenantDependent {
  constructor(
    dependents: TenantDependents,
    private readonly database: Database,
    private readonly cuts: PublisherCuts,
  ) {
    dependents.add(this);
  }

  onSuspended(tenantId: string): Promise<void> {
    return this.cuts.cutTenant(tenantId, 'tenant_suspended');
  }

  /** Sessions first: a stream would take all of its own along in one step. */
  async deleteRows(tenantId: string): Promise<void> {
    await deleteInBatches(this.database, SessionEntity, { tenantId });
    await deleteInBatches(this.database, LiveStreamEntity, { tenantId });
  }
}
