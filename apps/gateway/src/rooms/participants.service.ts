import { Inject, Injectable } from '@nestjs/common';
import { ROOM_CONTROL } from '@millrace/control';
import type { RoomControl } from '@millrace/control';
import type { RoomParticipant } from '@millrace/domain';
import { PRESENCE_STORE } from '@millrace/live-store';
import type { PresenceStore } from '@millrace/live-store';
import { recordChange } from '../audit/record-change.ts';
import type { EntityManager } from 'typeorm';
import { notFound } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import type { Page } from '../http/pages.ts';
import { dependencyUnavailable } from '../http/problem-error.ts';
import { RelayCredentials } from '../relay/relay-credentials.ts';
import { BansService } from './bans.service.ts';
import { findRoom } from './find-room.ts';
import { writeParticipant } from './participants.dto.ts';
import type { ParticipantAnswer } from './participants.dto.ts';

@Injectable()
export class ParticipantsService {
  constructor(
    private readonly database: Database,
    private readonly credentials: RelayCredentials,
    private readonly bans: BansService,
    @Inject(PRESENCE_STORE) private readonly presence: PresenceStore,
    @Inject(ROOM_CONTROL) private readonly control: RoomControl,
  ) {}

  /** The participants of the room now; a room is small, so one page holds them all. */
  async list(caller: Principal, roomId: string): Promise<Page<ParticipantAnswer>> {
    await this.database.run((manager) => findRoom(manager, caller, roomId));
    const present = await this.#present(roomId);
    return { data: present.map(writeParticipant), has_more: false, next_cursor: null };
  }

  /** Removes one, and takes its relay credential back. The ban is in force before it is out: it cannot slip in between. */
  async remove(caller: Principal, roomId: string, participantId: string, withBan: boolean): Promise<void> {
    const { tenantId } = await this.database.run((manager) => findRoom(manager, caller, roomId));
    const present = await this.#present(roomId);
    const participant = present.find((one) => one.participantId === participantId);
    if (participant === undefined) throw notFound();
    const record = (manager: EntityManager): Promise<void> => {
      const before = { ...writeParticipant(participant), room_id: roomId, banned: withBan };
      return recordChange(manager, caller, { tenantId, objectId: participantId, before });
    };
    const ban = withBan ? await this.bans.ban(caller, participant, record) : undefined;
    if (ban === undefined) await this.database.transaction(record);
    this.control.participantRemove({ tenantId, roomId, participantId, ...(ban !== undefined && { ban }) });
    await this.credentials.revoke(tenantId, participantId);
  }

  async #present(roomId: string): Promise<readonly RoomParticipant[]> {
    return this.presence.participants(roomId).catch((error: unknown) => {
      throw dependencyUnavailable('Who is in a room', error);
    });
  }
}
