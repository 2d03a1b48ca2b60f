import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { SessionHealthTable } from './session-health-table.ts';
import { SessionHealthWriter } from './session-health-writer.ts';
import { SessionHealthController } from './session-health.controller.ts';
import { SessionHealthEntity, SessionHealthProgressEntity } from './session-health.entity.ts';
import { SessionHealthService } from './session-health.service.ts';

@Module({
  imports: [DatabaseModule.withEntities(SessionHealthEntity, SessionHealthProgressEntity)],
  controllers: [SessionHealthController],
  providers: [SessionHealthTable, SessionHealthService, SessionHealthWriter],
  exports: [SessionHealthWriter],
})
export class SessionHealthModule {}
