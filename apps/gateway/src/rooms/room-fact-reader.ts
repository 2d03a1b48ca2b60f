// What is remembered of rooms, with the bans in force.
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Database } from '../database/database.ts';
import type { RoomFact } from '../known/facts.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { RoomBanEntity } from './room-ban.entity.ts';
import { RoomEntity } from './room.entity.ts';

@Injectable()
export class RoomFactReader {
  constructor(
    known: KnownFacts,
    private readonly database: Database,
  ) {
    known.readBy('rooms', (ids) => this.#read(ids));
  }

  async #read(ids: readonly string[]): Promise<Map<string, RoomFact>> {
    const [rows, bans] = await this.database.run(async (manager) => {
      const found = await manager.findBy(RoomEntity, { id: In([...ids]) });
      // A room without a change to its bans has none: most need no second query.
      const changed = found.filter(({ bansVersion }) => bansVersion > 0).map(({ id }) => id);
      return [found, changed.length === 0 ? [] : await manager.findBy(RoomBanEntity, { roomId: In(changed) })] as const;
    }, 'control');
    const bansByRoom = Map.groupBy(bans, ({ roomId }) => roomId);
    const keysOf = (roomId: string) => (bansByRoom.get(roomId) ?? []).map(({ key }) => key);
    return new Map(rows.map((row) => [row.id, roomFactOf(row, keysOf(row.id))]));
  }
}

export const roomFactOf = (row: RoomEntity, bans: readonly string[]): RoomFact => ({
  tenantId: row.tenantId,
  name: row.name,
  type: row.type,
  maxParticipants: row.maxParticipants,
  locked: row.locked,
  ended: row.endedAt !== null,
  version: row.updatedAt.getTime(),
  bans: [...bans],
  bansVersion: row.bansVersion,
});
