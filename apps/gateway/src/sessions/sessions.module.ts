import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { SessionReconciliation } from './session-reconciliation.ts';
import { SessionRecorder } from './session-recorder.ts';
import { SessionsController } from './sessions.controller.ts';
import { SessionsService } from './sessions.service.ts';

@Module({
  imports: [DatabaseModule],
  controllers: [SessionsController],
  providers: [SessionsService, SessionReconciliation, SessionRecorder],
  exports: [SessionReconciliation, SessionRecorder],
})
export class SessionsModule {}
