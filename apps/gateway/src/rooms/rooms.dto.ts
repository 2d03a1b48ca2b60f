import { MAX_ROOM_NAME_LENGTH } from '@millrace/control';
import { ROOM_TYPES } from '@millrace/domain';
import { z } from 'zod';
import { idField, nameField, optionalTimeText, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { tenantChoice } from '../tenants/tenant-choice.ts';
import type { RoomState } from './room-states.ts';
import type { RoomEntity } from './room.entity.ts';

/** A bound that no setting goes beyond; the setting itself is checked where it is known. */
const MOST_PARTICIPANTS = 100;

const name = nameField(MAX_ROOM_NAME_LENGTH).describe('Display name of the room.');
const type = z
  .enum(ROOM_TYPES)
  .describe('one_to_one: a call of two. group: a small group in which each participant sends to every other.');
const maxParticipants = z
  .int()
  .min(1)
  .max(MOST_PARTICIPANTS)
  .describe('Maximum number of participants at the same time.');
const locked = z.boolean().describe('No new participants can join; those already in the room stay and can reconnect.');

export const roomParam = idField('room');

export const createRoomBody = z
  .strictObject({
    ...tenantChoice,
    name,
    type: type.default('group'),
    max_participants: maxParticipants.optional().describe('For a group; a one-to-one room always holds two.'),
    locked: locked.default(false),
  })
  .meta({ id: 'CreateRoom' });
export type CreateRoomBody = z.infer<typeof createRoomBody>;

export const updateRoomBody = z
  .strictObject({ name, max_participants: maxParticipants, locked })
  .partial()
  .meta({ id: 'UpdateRoom' });
export type UpdateRoomBody = z.infer<typeof updateRoomBody>;

export const listRoomsQuery = z.strictObject({ ...pageQuery, tenant_id: idField('tenant').optional() });
export type ListRoomsQuery = z.infer<typeof listRoomsQuery>;

export const roomAnswer = z
  .strictObject({
    id: roomParam,
    tenant_id: idField('tenant'),
    name,
    type,
    max_participants: maxParticipants,
    locked,
    status: z
      .enum(['idle', 'active', 'ended'])
      .describe(
        'idle: the room is empty. active: it has participants, or had some a moment ago. ended: closed permanently.',
      ),
    participants: z.int().nullable().describe('Current number of participants; null: temporarily unavailable.'),
    created_at: timeField(),
    updated_at: timeField(),
    started_at: timeField().nullable().describe('When a participant last joined the empty room.'),
    emptied_at: timeField().nullable().describe('When its last participant left.'),
    ended_at: timeField().nullable().describe('When the room was ended.'),
  })
  .meta({ id: 'Room' });
export type RoomAnswer = z.infer<typeof roomAnswer>;

export const roomPage = pageOf(roomAnswer).meta({ id: 'RoomPage' });

export const writeRoom = (row: RoomEntity, { status, participants }: RoomState): RoomAnswer => ({
  id: row.id,
  tenant_id: row.tenantId,
  name: row.name,
  type: row.type,
  max_participants: row.maxParticipants,
  locked: row.locked,
  status,
  participants,
  created_at: timeText(row.createdAt),
  updated_at: timeText(row.updatedAt),
  started_at: optionalTimeText(row.startedAt),
  emptied_at: optionalTimeText(row.finishedAt),
  ended_at: optionalTimeText(row.endedAt),
});

type StoredRoom = Omit<RoomAnswer, 'status' | 'participants' | 'started_at' | 'emptied_at'>;

/** What is stored of a room, without what goes on in it. */
export function roomObject(row: RoomEntity): StoredRoom {
  const written = writeRoom(row, { status: 'idle', participants: null });
  const { status: _status, participants: _count, started_at: _started, emptied_at: _emptied, ...object } = written;
  return object;
}
