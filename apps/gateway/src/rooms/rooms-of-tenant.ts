// What becomes of a tenant's rooms when the tenant is suspended or deleted.
import { Inject, Injectable } from '@nestjs/common';
import { ROOM_CONTROL } from '@millrace/control';
import type { RoomControl } from '@millrace/control';
import type { Logger } from '@millrace/service-kit';
import { Database } from '../database/database.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';
import { TenantDependents } from '../tenants/tenant-dependents.ts';
import type { TenantDependent } from '../tenants/tenant-dependents.ts';
import { RoomEntity } from './room.entity.ts';

/** So many rooms are ended by one step. */
const MAX_ROOMS = 10_000;

@Injectable()
export class RoomsOfTenant implements TenantDependent {
  constructor(
    dependents: TenantDependents,
    private readonly database: Database,
    @Inject(ROOM_CONTROL) private readonly control: RoomControl,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    dependents.add(this);
  }

  /** Ends every open room of this tenant for its participants. Does not fail: the next round of the reconciler tries again. */
  async onSuspended(tenantId: string): Promise<void> {
    try {
      const rooms = await this.database.run((manager) =>
        manager.query<{ id: string }[]>(
          `SELECT id FROM rooms WHERE tenant_id = $1 AND started_at IS NOT NULL
           AND (finished_at IS NULL OR finished_at < started_at) LIMIT ${MAX_ROOMS}`,
          [tenantId],
        ),
      );
      for (const { id } of rooms) this.control.roomEnd({ tenantId, roomId: id });
    } catch (error) {
      this.logger.warn({ err: error, tenant_id: tenantId }, 'could not end the rooms of a tenant');
    }
  }

  deleteRows(tenantId: string): Promise<void> {
    return deleteInBatches(this.database, RoomEntity, { tenantId });
  }
}
