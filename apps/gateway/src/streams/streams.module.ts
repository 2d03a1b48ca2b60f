import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { PlaybackModule } from '../playback/playback.module.ts';
import { PublisherCutsModule } from '../publisher-cuts/publisher-cuts.module.ts';
import { SessionsModule } from '../sessions/sessions.module.ts';
import { TenantsModule } from '../tenants/tenants.module.ts';
import { LiveStreamEntity } from './live-stream.entity.ts';
import { PlaybackIdsController } from './playback-ids.controller.ts';
import { PlaybackIdsService } from './playback-ids.service.ts';
import { PlaybackController } from './playback.controller.ts';
import { StreamFactReader } from './stream-fact-reader.ts';
import { StreamSessionsController } from './stream-sessions.controller.ts';
import { StreamStatuses } from './stream-status.ts';
import { StreamViewersController } from './stream-viewers.controller.ts';
import { StreamWriter } from './stream-writer.ts';
import { StreamsController } from './streams.controller.ts';
import { StreamsOfTenant } from './streams-of-tenant.ts';
import { StreamsService } from './streams.service.ts';

@Module({
  imports: [
    DatabaseModule.withEntities(LiveStreamEntity),
    KnownModule,
    PlaybackModule,
    PublisherCutsModule,
    SessionsModule,
    TenantsModule,
  ],
  controllers: [
    StreamsController,
    PlaybackIdsController,
    PlaybackController,
    StreamSessionsController,
    StreamViewersController,
  ],
  providers: [StreamsService, PlaybackIdsService, StreamStatuses, StreamWriter, StreamFactReader, StreamsOfTenant],
})
export class StreamsModule {}
