import { Inject, Injectable } from '@nestjs/common';
import { ROOM_CONTROL } from '@millrace/control';
import type { RoomControl } from '@millrace/control';
import { newId, ONE_TO_ONE_PARTICIPANTS } from '@millrace/domain';
import type { RoomType } from '@millrace/domain';
import { IsNull, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { listScope, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { requireMatch, timeOfChange } from '../etags/entity-tag.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { roomFactsOf } from '../known/room-facts.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { lockTenant, tenantFor } from '../tenants/tenant-choice.ts';
import { findRoom } from './find-room.ts';
import { roomFactOf } from './room-fact-reader.ts';
import { ROOM_CODE_LIMITS } from '../room-limits.ts';
import { RoomStates } from './room-states.ts';
import { RoomEntity } from './room.entity.ts';
import { roomObject, writeRoom } from './rooms.dto.ts';
import type { CreateRoomBody, ListRoomsQuery, RoomAnswer, UpdateRoomBody } from './rooms.dto.ts';

/** Participants of a group when nothing else is asked for. */
const DEFAULT_PARTICIPANTS = 8;
/** So many are deleted at once: each new room makes place for more than itself. */
const FORGET_STEP = 100;

@Injectable()
export class RoomsService {
  constructor(
    private readonly database: Database,
    private readonly states: RoomStates,
    private readonly known: KnownFacts,
    @Inject(ROOM_CONTROL) private readonly control: RoomControl,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(caller: Principal, body: CreateRoomBody): Promise<RoomAnswer> {
    const now = new Date();
    const row: RoomEntity = {
      id: newId('room'),
      tenantId: tenantFor(caller, body.tenant_id),
      name: body.name,
      type: body.type,
      maxParticipants: this.#participantsOf(body.type, body.max_participants),
      locked: body.locked,
      createdAt: now,
      updatedAt: now,
      startedAt: null,
      finishedAt: null,
      endedAt: null,
      bansVersion: 0,
    };
    await this.database.transaction(
      async (manager) => {
        await lockTenant(manager, row.tenantId);
        const max = this.settings.maxRoomsPerTenant;
        if ((await manager.countBy(RoomEntity, { tenantId: row.tenantId, endedAt: IsNull() })) >= max)
          throw new ProblemError(
            'quota_exceeded',
            `A tenant can have at most ${max} rooms; end those that are not needed.`,
          );
        await forgetEndedRooms(manager, row.tenantId);
        await manager.insert(RoomEntity, row);
        await recordChange(manager, caller, { ...placeOf(row), after: roomObject(row) });
      },
      { turn: turnOf(caller, row.tenantId) },
    );
    return this.#write(row);
  }

  async list(caller: Principal, query: ListRoomsQuery): Promise<Page<RoomAnswer>> {
    const { before, order, take } = pageFind('room', query);
    const where = { ...before, ...listScope(caller, query.tenant_id) };
    const rows = await this.database.run((manager) => manager.find(RoomEntity, { where, order, take }));
    const page = toPage(rows, query.limit, (row) => row);
    const states = await this.states.of(page.data);
    return { ...page, data: page.data.map((row, i) => writeRoom(row, states[i] ?? UNKNOWN)) };
  }

  async read(caller: Principal, id: string): Promise<RoomAnswer> {
    return this.#write(await this.database.run((manager) => findRoom(manager, caller, id)));
  }

  /** Holds at once, also for who is in the room. */
  async update(caller: Principal, id: string, body: UpdateRoomBody): Promise<RoomAnswer> {
    const row = await this.#change(caller, id, (found) => {
      if (found.endedAt !== null) throw new ProblemError('conflict', 'This room has ended: create a new one.');
      return {
        ...(body.name !== undefined && { name: body.name }),
        ...(body.locked !== undefined && { locked: body.locked }),
        ...(body.max_participants !== undefined && {
          maxParticipants: this.#participantsOf(found.type, body.max_participants),
        }),
      };
    });
    this.control.roomChanged(roomFactsOf(row.id, roomFactOf(row, [])));
    return this.#write(row);
  }

  /** Ends the room for good and removes all participants. Idempotent. */
  async end(caller: Principal, id: string): Promise<RoomAnswer> {
    const row = await this.#end(caller, id);
    const [state = UNKNOWN] = await this.states.of([row]);
    return writeRoom(row, { ...state, status: 'ended' });
  }

  /** Ends the room, and forgets it. */
  async remove(caller: Principal, id: string): Promise<void> {
    await this.#end(caller, id, { isDeletion: true });
    await this.database.run((manager) => manager.delete(RoomEntity, { id }));
    await this.known.changed('rooms', id);
  }

  async #end(caller: Principal, id: string, options?: { readonly isDeletion: boolean }): Promise<RoomEntity> {
    const row = await this.#change(caller, id, (found) => ({ endedAt: found.endedAt ?? new Date() }), options);
    this.control.roomEnd({ tenantId: row.tenantId, roomId: id });
    return row;
  }

  async #change(
    caller: Principal,
    id: string,
    values: (row: RoomEntity) => Partial<RoomEntity>,
    { isDeletion = false } = {},
  ): Promise<RoomEntity> {
    const row = await this.database.transaction(
      async (manager) => {
        const found = await findRoom(manager, caller, id, true);
        const before = roomObject(found);
        requireMatch(caller, before);
        // Of two reports the newer one must be known.
        const changed = { ...values(found), updatedAt: timeOfChange(found.updatedAt) };
        await manager.update(RoomEntity, { id }, changed);
        const room = { ...found, ...changed };
        await recordChange(manager, caller, {
          ...placeOf(room),
          before,
          ...(!isDeletion && { after: roomObject(room) }),
        });
        return room;
      },
      { turn: turnOf(caller, id) },
    );
    await this.known.changed('rooms', id);
    return row;
  }

  #participantsOf(type: RoomType, wished: number | undefined): number {
    const max = this.settings.maxRoomParticipants;
    if (type === 'one_to_one') {
      if (wished !== undefined && wished !== ONE_TO_ONE_PARTICIPANTS)
        throw wrongCount('is always 2 for a one-to-one room');
      return ONE_TO_ONE_PARTICIPANTS;
    }
    if (wished !== undefined && wished > max) throw wrongCount(`must be at most ${max}`);
    return wished ?? Math.min(DEFAULT_PARTICIPANTS, max);
  }

  async #write(row: RoomEntity): Promise<RoomAnswer> {
    const [state = UNKNOWN] = await this.states.of([row]);
    return writeRoom(row, state);
  }
}

const placeOf = ({ tenantId, id }: RoomEntity) => ({ tenantId, objectId: id });

const UNKNOWN = { status: 'idle', participants: null } as const;

const wrongCount = (detail: string): ProblemError =>
  new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
    errors: [{ pointer: '/max_participants', detail }],
  });

async function forgetEndedRooms(manager: EntityManager, tenantId: string): Promise<void> {
  const surplus = await manager.find(RoomEntity, {
    where: { tenantId, endedAt: Not(IsNull()) },
    order: { id: 'DESC' },
    skip: ROOM_CODE_LIMITS.keptEndedRooms,
    take: FORGET_STEP,
  });
  const ids = surplus.map(({ id }) => id);
  if (ids.length > 0) await manager.delete(RoomEntity, ids);
}
