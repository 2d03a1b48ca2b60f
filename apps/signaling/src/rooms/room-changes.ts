// What operators and tenants decide about open rooms. Every pod hears of it; the store does each thing once.
import type { ParticipantRemove } from '@millrace/control';
import type { RoomFacts } from '@millrace/domain';
import type { RoomRef } from '@millrace/live-store';
import { Injectable } from '@nestjs/common';
import { attempt, publishChange, RoomsContext } from './rooms-context.ts';

@Injectable()
export class RoomChanges {
  constructor(private readonly context: RoomsContext) {}

  async roomChanged(room: RoomFacts): Promise<void> {
    const { presence, router } = this.context;
    await attempt(this.context, 'changeRoom', () => presence.changeRoom(room), router);
  }

  async roomEnd(room: RoomRef): Promise<void> {
    const { presence, control } = this.context;
    await attempt(this.context, 'endRoom', async () => {
      const ended = await presence.endRoom(room);
      publishChange(this.context, ended);
      for (const closed of ended.closed) control.roomFinished({ ...closed, atMs: Date.now(), reason: 'ended' });
    });
  }

  async participantRemove({ roomId, participantId, ban }: ParticipantRemove): Promise<void> {
    await attempt(this.context, 'remove', async () => {
      publishChange(this.context, await this.context.presence.remove(roomId, participantId, ban));
    });
  }
}
