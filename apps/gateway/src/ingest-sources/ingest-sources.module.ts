import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { DemandModule } from '../demand/demand.module.ts';
import { EventsModule } from '../events/events.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { PublisherCutsModule } from '../publisher-cuts/publisher-cuts.module.ts';
import { HandedSourceEvents } from './handed-source-events.ts';
import { IngestSourceEntity } from './ingest-source.entity.ts';
import { IngestSourcesController } from './ingest-sources.controller.ts';
import { IngestSourcesService } from './ingest-sources.service.ts';
import { SourceAssignments } from './source-assignments.ts';
import { SourceControlController } from './source-control.controller.ts';

@Module({
  imports: [
    AuthModule,
    DatabaseModule.withEntities(IngestSourceEntity),
    DemandModule,
    EventsModule,
    KnownModule,
    PublisherCutsModule,
  ],
  controllers: [IngestSourcesController, SourceControlController],
  providers: [HandedSourceEvents, IngestSourcesService, SourceAssignments],
})
export class IngestSourcesModule {}
