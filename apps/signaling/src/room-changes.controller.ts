// What REST has decided about rooms comes as events from the control plane, to every pod.
import { participantRemoveSchema, PayloadPipe, roomEndSchema, roomFactsSchema, RoomSubject } from '@millrace/control';
import type { ParticipantRemove, RoomEnd } from '@millrace/control';
import type { RoomFacts } from '@millrace/domain';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { RoomChanges } from './rooms/room-changes.ts';

@Controller()
export class RoomChangesController {
  constructor(private readonly changes: RoomChanges) {}

  @EventPattern<string>(RoomSubject.roomChanged)
  async roomChanged(@Payload(new PayloadPipe(roomFactsSchema)) room: RoomFacts): Promise<void> {
    await this.changes.roomChanged(room);
  }

  @EventPattern<string>(RoomSubject.roomEnd)
  async roomEnd(@Payload(new PayloadPipe(roomEndSchema)) room: RoomEnd): Promise<void> {
    await this.changes.roomEnd(room);
  }

  @EventPattern<string>(RoomSubject.participantRemove)
  async participantRemove(@Payload(new PayloadPipe(participantRemoveSchema)) event: ParticipantRemove): Promise<void> {
    await this.changes.participantRemove(event);
  }
}
