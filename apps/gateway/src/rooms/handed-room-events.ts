// What becomes of the events that signaling servers hand over.
import { Injectable } from '@nestjs/common';
import {
  participantJoinedSchema,
  participantLeftSchema,
  roomFinishedSchema,
  roomStartedSchema,
  RoomSubject,
  trackChangeSchema,
  TrackEvent,
} from '@millrace/control';
import type { ParticipantLeft } from '@millrace/control';
import { HandedEvents } from '../events/handed-events.ts';
import type { HandedWrite } from '../events/handed-events.ts';
import { RelayCredentials } from '../relay/relay-credentials.ts';
import { participantJoined, participantLeft, roomFinished, roomStarted, trackChanged } from './room-writes.ts';

@Injectable()
export class HandedRoomEvents {
  constructor(handed: HandedEvents, credentials: RelayCredentials) {
    const left = (event: ParticipantLeft): HandedWrite => {
      revokeOfRemoved(credentials, event);
      return participantLeft(event);
    };
    handed.write(RoomSubject.roomStarted, roomStartedSchema, roomStarted);
    handed.write(RoomSubject.roomFinished, roomFinishedSchema, roomFinished);
    handed.write(RoomSubject.participantJoined, participantJoinedSchema, participantJoined);
    handed.write(RoomSubject.participantLeft, participantLeftSchema, left);
    for (const type of [TrackEvent.published, TrackEvent.unpublished])
      handed.write(type, trackChangeSchema, (change, { id }) => trackChanged(type, change, id));
  }
}

/** Who was put out must not relay on: who left by itself may, until the credential expires. */
export function revokeOfRemoved(
  credentials: RelayCredentials,
  { tenantId, participantId, reason }: ParticipantLeft,
): void {
  if (reason === 'removed' || reason === 'room_ended') credentials.revokeSoon(tenantId, participantId);
}
