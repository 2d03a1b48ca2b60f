// What rooms are doing now: presence knows; while it cannot be asked, the table says what was heard last.
import { Inject, Injectable } from '@nestjs/common';
import { PRESENCE_STORE } from '@millrace/live-store';
import type { OpenRoom, PresenceStore } from '@millrace/live-store';
import type { RoomEntity } from './room.entity.ts';

export interface RoomState {
  readonly status: 'idle' | 'active' | 'ended';
  /** Null: the store does not answer. */
  readonly participants: number | null;
}

@Injectable()
export class RoomStates {
  constructor(@Inject(PRESENCE_STORE) private readonly presence: PresenceStore) {}

  /** @returns the state of each of these rooms, in order */
  async of(rows: readonly RoomEntity[]): Promise<RoomState[]> {
    if (rows.length === 0) return [];
    const open = await this.presence.openRooms(rows.map(({ id }) => id)).catch(() => undefined);
    return rows.map((row, i) => (open === undefined ? lastHeard(row) : stateOf(row, open[i])));
  }
}

function stateOf(row: RoomEntity, open: OpenRoom | undefined): RoomState {
  const participants = open?.participants ?? 0;
  if (row.endedAt !== null) return { status: 'ended', participants };
  return { status: open === undefined ? 'idle' : 'active', participants };
}

function lastHeard({ startedAt, finishedAt, endedAt }: RoomEntity): RoomState {
  if (endedAt !== null) return { status: 'ended', participants: null };
  const active = startedAt !== null && (finishedAt === null || finishedAt < startedAt);
  return { status: active ? 'active' : 'idle', participants: null };
}
