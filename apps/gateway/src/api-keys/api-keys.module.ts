import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { ApiKeyEntity } from './api-key.entity.ts';
import { ApiKeysController } from './api-keys.controller.ts';
import { ApiKeysService } from './api-keys.service.ts';
import { Authenticator } from './authenticator.ts';

@Module({
  imports: [AuthModule, DatabaseModule.withEntities(ApiKeyEntity)],
  controllers: [ApiKeysController],
  providers: [ApiKeysService, Authenticator],
  exports: [Authenticator],
})
export class ApiKeysModule {}
