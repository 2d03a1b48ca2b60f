// What signaling servers tell of rooms, as it is written down. Each may come late, twice, or in the wrong order.
import type { RoomFinished, RoomStarted } from '@millrace/control';
import type { SessionWrite } from '../sessions/session-writes.ts';

/** GREATEST passes over NULL: the latest time stays. */
export const roomStarted =
  ({ tenantId, roomId, atMs }: RoomStarted): SessionWrite =>
  async (manager) => {
    await manager.query(`UPDATE rooms SET started_at = GREATEST(started_at, $3) WHERE id = $1 AND tenant_id = $2`, [
      roomId,
      tenantId,
      new Date(atMs),
    ]);
  };

export const roomFinished =
  ({ tenantId, roomId, atMs }: Pick<RoomFinished, 'tenantId' | 'roomId' | 'atMs'>): SessionWrite =>
  async (manager) => {
    await manager.query(`UPDATE rooms SET finished_at = GREATEST(finished_at, $3) WHERE id = $1 AND tenant_id = $2`, [
      roomId,
      tenantId,
      new Date(atMs),
    ]);
  };
