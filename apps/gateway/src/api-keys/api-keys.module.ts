import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { ApiKeysController } from './api-keys.controller.ts';
import { ApiKeysService } from './api-keys.service.ts';

@Module({
  imports: [AuthModule, DatabaseModule],
  controllers: [ApiKeysController],
  providers: [ApiKeysService],
  exports: [ApiKeysService],
})
export class ApiKeysModule {}
