// The bans of a room: participants who are refused entry until the ban is lifted.
import { Inject, Injectable } from '@nestjs/common';
import type { RoomBan } from '@millrace/control';
import { banKey, banSubjectOf, newId } from '@millrace/domain';
import type { RoomParticipant } from '@millrace/domain';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { notFound, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { writeBan } from './bans.dto.ts';
import type { BanAnswer, ListBansQuery } from './bans.dto.ts';
import { findRoom } from './find-room.ts';
import { RoomBanEntity } from './room-ban.entity.ts';
import { RoomEntity } from './room.entity.ts';

@Injectable()
export class BansService {
  constructor(
    private readonly database: Database,
    private readonly known: KnownFacts,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async list(caller: Principal, roomId: string, query: ListBansQuery): Promise<Page<BanAnswer>> {
    const { before, order, take } = pageFind('ban', query);
    const rows = await this.database.run(async (manager) => {
      await findRoom(manager, caller, roomId);
      return manager.find(RoomBanEntity, { where: { ...before, roomId }, order, take });
    });
    return toPage(rows, query.limit, writeBan);
  }

  /** Lets who was banned in again. */
  async undo(caller: Principal, roomId: string, id: string): Promise<void> {
    await this.database.transaction(
      async (manager) => {
        const room = await findRoom(manager, caller, roomId, true);
        const ban = await manager.findOneBy(RoomBanEntity, { id, roomId });
        if (ban === null) throw notFound();
        await manager.delete(RoomBanEntity, { id, roomId });
        await countChange(manager, room);
        await recordChange(manager, caller, { tenantId: room.tenantId, objectId: id, before: writeBan(ban) });
      },
      { turn: turnOf(caller, roomId) },
    );
    await this.known.changed('rooms', roomId);
  }

  /**
   * Bans a participant: by its identity, or, of a guest, by its token. In force for every join that is asked about from now on.
   *
   * @param record runs in the same transaction
   * @returns what is to be told to signaling servers; undefined for a guest that an older release has let in
   * @throws ProblemError `quota_exceeded`
   */
  async ban(
    caller: Principal,
    participant: RoomParticipant,
    record: (manager: EntityManager) => Promise<void>,
  ): Promise<RoomBan | undefined> {
    const subject = banSubjectOf(participant);
    if (subject === undefined) return undefined;
    const { roomId, name } = participant;
    const key = banKey(subject);
    const version = await this.database.transaction(
      async (manager) => {
        const room = await findRoom(manager, caller, roomId, true);
        if (!(await manager.existsBy(RoomBanEntity, { roomId, key }))) {
          await this.#assertRoomForOne(manager, roomId);
          const row = { id: newId('ban'), roomId, ...subject, key, name, createdAt: new Date() };
          await manager.insert(RoomBanEntity, row);
        }
        await record(manager);
        return countChange(manager, room);
      },
      { turn: turnOf(caller, roomId) },
    );
    await this.known.changed('rooms', roomId);
    return { key, version };
  }

  async #assertRoomForOne(manager: EntityManager, roomId: string): Promise<void> {
    const max = this.settings.maxBansPerRoom;
    if ((await manager.countBy(RoomBanEntity, { roomId })) >= max)
      throw new ProblemError(
        'quota_exceeded',
        `A room can have at most ${max} bans; lift some, or remove the participant with ban=false.`,
      );
  }
}

/** The caller holds the room's row. @returns the number of the change */
async function countChange(manager: EntityManager, { id, bansVersion }: RoomEntity): Promise<number> {
  await manager.update(RoomEntity, { id }, { bansVersion: bansVersion + 1 });
  return bansVersion + 1;
}
