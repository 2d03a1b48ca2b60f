// What REST has decided about rooms comes as events from the control plane, to every pod.
import { participantRemoveSchema, PayloadPipe, roomEndSchema, roomFactsSchema, RoomSubject } from '@millrace/control';
import type { ParticipantRemove, RoomEnd } from '@millrace/control';
import type { RoomFacts } from '@millrace/domain';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Rooms } from './rooms/rooms.ts';

@Controller()
export class RoomChangesController {
  readonly #rooms: Rooms;

  constructor(@Inject(Rooms) rooms: Rooms) {
    this.#rooms = rooms;
  }

  @EventPattern<string>(RoomSubject.roomChanged)
  async roomChanged(@Payload(new PayloadPipe(roomFactsSchema)) room: RoomFacts): Promise<void> {
    await this.#rooms.roomChanged(room);
  }

  @EventPattern<string>(RoomSubject.roomEnd)
  async roomEnd(@Payload(new PayloadPipe(roomEndSchema)) room: RoomEnd): Promise<void> {
    await this.#rooms.roomEnd(room);
  }

  @EventPattern<string>(RoomSubject.participantRemove)
  async participantRemove(@Payload(new PayloadPipe(participantRemoveSchema)) event: ParticipantRemove): Promise<void> {
    await this.#rooms.participantRemove(event);
  }
}
