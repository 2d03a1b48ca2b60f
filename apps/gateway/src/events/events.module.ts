import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { EventEntity } from './event.entity.ts';
import { EventClockSetter } from './event-clock.ts';
import { EventStreams } from './event-streams.ts';
import { EventsController } from './events.controller.ts';
import { EventControlController } from './event-control.controller.ts';
import { EventNews } from './event-news.ts';
import { HandedEvents } from './handed-events.ts';
import { EventsService } from './events.service.ts';

@Module({
  imports: [ApiKeysModule, DatabaseModule.withEntities(EventEntity)],
  controllers: [EventsController, EventControlController],
  providers: [EventsService, EventStreams, EventNews, EventClockSetter, HandedEvents],
  exports: [EventsService, HandedEvents],
})
export class EventsModule {}
