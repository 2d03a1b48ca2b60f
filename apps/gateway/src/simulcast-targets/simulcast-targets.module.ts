import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { SimulcastSync, SimulcastSyncController } from './simulcast-sync.ts';
import { SimulcastTargetEntity } from './simulcast-target.entity.ts';
import { SimulcastTargetsController } from './simulcast-targets.controller.ts';
import { SimulcastTargetsService } from './simulcast-targets.service.ts';

@Module({
  imports: [AuthModule, DatabaseModule.withEntities(SimulcastTargetEntity), KnownModule],
  controllers: [SimulcastTargetsController, SimulcastSyncController],
  providers: [SimulcastTargetsService, SimulcastSync],
})
export class SimulcastTargetsModule {}
