// What signaling servers tell of rooms, as it is written down. Each may come late, twice, or in the wrong order.
import type { RoomFinished, RoomStarted } from '@millrace/control';
import type { EntityManager } from 'typeorm';
import { appendEvent } from '../events/append-event.ts';
import type { NewEvent } from '../events/append-event.ts';
import type { EventType } from '../events/event-types.ts';
import type { SessionWrite } from '../sessions/session-writes.ts';
import { RoomEntity } from './room.entity.ts';

export const roomStarted =
  ({ tenantId, roomId, atMs }: RoomStarted): SessionWrite =>
  async (manager) => {
    const row = await lockRoom(manager, tenantId, roomId);
    const startedAt = new Date(atMs);
    // The latest time stays.
    if (row === null || (row.startedAt !== null && row.startedAt >= startedAt)) return;
    await manager.update(RoomEntity, { id: roomId }, { startedAt });
    // A room that is open already has been reported.
    if (!isOpen(row)) await appendEvent(manager, roomEvent('room.started', row, startedAt));
    // Its end was reported before its beginning.
    if (row.finishedAt !== null && row.finishedAt >= startedAt)
      await appendEvent(manager, roomEvent('room.finished', row, row.finishedAt));
  };

export const roomFinished =
  ({ tenantId, roomId, atMs }: Pick<RoomFinished, 'tenantId' | 'roomId' | 'atMs'>): SessionWrite =>
  async (manager) => {
    const row = await lockRoom(manager, tenantId, roomId);
    const finishedAt = new Date(atMs);
    if (row === null || (row.finishedAt !== null && row.finishedAt >= finishedAt)) return;
    await manager.update(RoomEntity, { id: roomId }, { finishedAt });
    if (isOpen(row) && !isOpen({ ...row, finishedAt }))
      await appendEvent(manager, roomEvent('room.finished', row, finishedAt));
  };

const lockRoom = (manager: EntityManager, tenantId: string, id: string): Promise<RoomEntity | null> =>
  manager.findOne(RoomEntity, { where: { id, tenantId }, lock: { mode: 'for_no_key_update' } });

const isOpen = ({ startedAt, finishedAt }: Pick<RoomEntity, 'startedAt' | 'finishedAt'>): boolean =>
  startedAt !== null && (finishedAt === null || finishedAt < startedAt);

const roomEvent = (type: EventType, row: RoomEntity, at: Date): NewEvent => ({
  type,
  tenantId: row.tenantId,
  objectId: row.id,
  object: { id: row.id, name: row.name, type: row.type },
  at,
});
