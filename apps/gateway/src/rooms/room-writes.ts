// What signaling servers tell of rooms, as it is written down. Each may come late, twice, or in the wrong order.
import type {
  ParticipantJoined,
  ParticipantLeft,
  RoomFinished,
  RoomStarted,
  TrackChange,
  TrackEvent,
} from '@millrace/control';
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

export const participantJoined =
  ({ tenantId, roomId, participantId: id, identity, name, atMs }: ParticipantJoined): SessionWrite =>
  (manager) =>
    appendOfRoom(manager, roomId, {
      type: 'participant.joined',
      tenantId,
      object: { id, room_id: roomId, identity: identity ?? null, name: name ?? null },
      at: new Date(atMs),
      once: `joined ${id}`,
    });

export const participantLeft =
  ({ tenantId, roomId, participantId: id, identity, name, reason, atMs }: ParticipantLeft): SessionWrite =>
  (manager) =>
    appendOfRoom(manager, roomId, {
      type: reason === 'lost' ? 'participant.connection_aborted' : 'participant.left',
      tenantId,
      object: { id, room_id: roomId, identity: identity ?? null, name: name ?? null, reason },
      at: new Date(atMs),
      once: `left ${id}`,
    });

/** @param id names the change in every repetition */
export const trackChanged =
  (
    type: (typeof TrackEvent)[keyof typeof TrackEvent],
    { tenantId, roomId, participantId, kind, atMs }: TrackChange,
    id: string,
  ): SessionWrite =>
  (manager) =>
    appendOfRoom(manager, roomId, {
      type,
      tenantId,
      object: { room_id: roomId, participant_id: participantId, kind },
      at: new Date(atMs),
      once: `handed ${id}`,
    });

/** Events of participants and tracks are events of their room: they are delivered in its order. */
async function appendOfRoom(manager: EntityManager, roomId: string, event: Omit<NewEvent, 'objectId'>): Promise<void> {
  await appendEvent(manager, { ...event, objectId: roomId });
}

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
