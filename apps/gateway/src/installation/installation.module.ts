import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { InstallationEntity } from './installation.entity.ts';
import { Installation } from './installation.ts';

@Module({
  imports: [AuthModule, DatabaseModule.withEntities(InstallationEntity)],
  providers: [Installation],
  exports: [Installation],
})
export class InstallationModule {}
