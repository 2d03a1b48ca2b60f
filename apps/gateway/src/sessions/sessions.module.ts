import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { SessionReconciliation } from './session-reconciliation.ts';
import { SessionRecorder } from './session-recorder.ts';
import { SessionConnectionEntity, SessionEntity, SessionWarningEntity } from './session.entity.ts';
import { SessionsController } from './sessions.controller.ts';
import { SessionsService } from './sessions.service.ts';

@Module({
  imports: [DatabaseModule.withEntities(SessionEntity, SessionConnectionEntity, SessionWarningEntity)],
  controllers: [SessionsController],
  providers: [SessionsService, SessionReconciliation, SessionRecorder],
  exports: [SessionReconciliation, SessionRecorder, SessionsService],
})
export class SessionsModule {}
