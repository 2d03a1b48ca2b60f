import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { PublisherCutsModule } from '../publisher-cuts/publisher-cuts.module.ts';
import { ExpiringKeys } from './expiring-keys.ts';
import { KeyExpiries } from './key-expiries.ts';
import { StreamKeyFactReader } from './stream-key-fact-reader.ts';
import { StreamKeyEntity } from './stream-key.entity.ts';
import { StreamKeysController } from './stream-keys.controller.ts';
import { StreamKeysService } from './stream-keys.service.ts';

@Module({
  imports: [AuthModule, DatabaseModule.withEntities(StreamKeyEntity), KnownModule, PublisherCutsModule],
  controllers: [StreamKeysController],
  providers: [StreamKeysService, KeyExpiries, ExpiringKeys, StreamKeyFactReader],
  exports: [KeyExpiries],
})
export class StreamKeysModule {}
