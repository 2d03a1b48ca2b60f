// What becomes of the events that edges and packagers hand over.
import { Injectable } from '@nestjs/common';
import {
  ControlSubject,
  PublishEvent,
  publishEndedSchema,
  publishRejectedSchema,
  sessionActiveSchema,
  sessionEndedSchema,
  sessionWarnedSchema,
  standbyChangedSchema,
} from '@millrace/control';
import { HandedEvents } from '../events/handed-events.ts';
import {
  publishEnded,
  publishRejected,
  sessionActive,
  sessionEnded,
  sessionWarned,
  standbyChanged,
} from './session-writes.ts';

@Injectable()
export class HandedSessionEvents {
  constructor(handed: HandedEvents) {
    handed.write(PublishEvent.rejected, publishRejectedSchema, (event, { atMs }) => publishRejected(event, atMs));
    handed.write(PublishEvent.standby, standbyChangedSchema, standbyChanged);
    handed.write(ControlSubject.publishEnded, publishEndedSchema, (event, { atMs }) => publishEnded(event, atMs));
    handed.write(ControlSubject.sessionActive, sessionActiveSchema, sessionActive);
    handed.write(ControlSubject.sessionEnded, sessionEndedSchema, sessionEnded);
    handed.write(ControlSubject.sessionWarned, sessionWarnedSchema, sessionWarned);
  }
}
