import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { ViewerRevocationEntity } from './viewer-revocation.entity.ts';
import { ViewerRevocations } from './viewer-revocations.ts';
import { ViewerSessionsController } from './viewer-sessions.controller.ts';
import { ViewerSessionsService } from './viewer-sessions.service.ts';

@Module({
  imports: [DatabaseModule.withEntities(ViewerRevocationEntity)],
  controllers: [ViewerSessionsController],
  providers: [ViewerSessionsService, ViewerRevocations],
  exports: [ViewerRevocations],
})
export class ViewerSessionsModule {}
