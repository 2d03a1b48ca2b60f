import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { ExportsModule } from '../exports/exports.module.ts';
import { AuditEventEntity } from './audit-event.entity.ts';
import { AuditEventsController } from './audit-events.controller.ts';
import { AuditEventsService } from './audit-events.service.ts';

@Module({
  imports: [DatabaseModule.withEntities(AuditEventEntity), ExportsModule],
  controllers: [AuditEventsController],
  providers: [AuditEventsService],
})
export class AuditModule {}
