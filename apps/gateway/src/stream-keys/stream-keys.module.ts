import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { PublisherCutsModule } from '../publish-control/publisher-cuts.module.ts';
import { StreamKeysController } from './stream-keys.controller.ts';
import { StreamKeysService } from './stream-keys.service.ts';

@Module({
  imports: [AuthModule, DatabaseModule, KnownModule, PublisherCutsModule],
  controllers: [StreamKeysController],
  providers: [StreamKeysService],
  exports: [StreamKeysService],
})
export class StreamKeysModule {}
