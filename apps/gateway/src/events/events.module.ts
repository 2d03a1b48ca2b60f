import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { EventEntity } from './event.entity.ts';
import { EventRetention } from './event-retention.ts';
import { EventStreams } from './event-streams.ts';
import { EventsController } from './events.controller.ts';
import { EventsService } from './events.service.ts';

@Module({
  imports: [ApiKeysModule, DatabaseModule.withEntities(EventEntity)],
  controllers: [EventsController],
  providers: [EventsService, EventStreams, EventRetention],
  exports: [EventRetention],
})
export class EventsModule {}
