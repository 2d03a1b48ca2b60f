// Ends what is open of rooms that may not be open, at once and again where a message was lost.
import { Inject, Injectable } from '@nestjs/common';
import { ROOM_CONTROL, type RoomControl } from '@millrace/control';
import type { Logger } from '@millrace/service-kit';
import { Database } from '../database/database.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';

/** So many rooms are ended by one step. */
const MAX_ROOMS = 10_000;

@Injectable()
export class RoomCuts {
  constructor(
    private readonly database: Database,
    @Inject(ROOM_CONTROL) private readonly control: RoomControl,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** Everybody out of every room of this tenant, which must be refused already. Does not fail: the next round tries again. */
  async cutTenant(tenantId: string): Promise<void> {
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
}
