import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { EventsModule } from '../events/events.module.ts';
import { HandedSessionEvents } from './handed-session-events.ts';
import { SessionReconciliation } from './session-reconciliation.ts';
import { SessionEventsController } from './session-events.controller.ts';
import { SessionRecorder } from './session-recorder.ts';
import { SessionConnectionEntity, SessionEntity, SessionWarningEntity } from './session.entity.ts';
import { StreamErrorEntity } from './stream-errors.ts';
import { SessionsController } from './sessions.controller.ts';
import { SessionsService } from './sessions.service.ts';

@Module({
  imports: [
    DatabaseModule.withEntities(SessionEntity, SessionConnectionEntity, SessionWarningEntity, StreamErrorEntity),
    EventsModule,
  ],
  controllers: [SessionsController, SessionEventsController],
  providers: [HandedSessionEvents, SessionsService, SessionReconciliation, SessionRecorder],
  exports: [SessionReconciliation, SessionRecorder, SessionsService],
})
export class SessionsModule {}
