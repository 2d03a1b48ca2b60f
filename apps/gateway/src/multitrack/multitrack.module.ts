import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { PublishControlModule } from '../publish-control/publish-control.module.ts';
import { ClientConfigurationController, GetClientConfigurationController } from './client-configuration.controller.ts';
import { ClientConfigurationService } from './client-configuration.service.ts';

@Module({
  imports: [AuthModule, DatabaseModule, KnownModule, PublishControlModule],
  controllers: [GetClientConfigurationController, ClientConfigurationController],
  providers: [ClientConfigurationService],
})
export class MultitrackModule {}
