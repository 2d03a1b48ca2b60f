import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { PublisherCutsModule } from '../publish-control/publisher-cuts.module.ts';
import { StreamStatuses } from './stream-status.ts';
import { StreamWriter } from './stream-writer.ts';
import { StreamsController } from './streams.controller.ts';
import { StreamsService } from './streams.service.ts';

@Module({
  imports: [DatabaseModule, KnownModule, PublisherCutsModule],
  controllers: [StreamsController],
  providers: [StreamsService, StreamStatuses, StreamWriter],
  exports: [StreamsService],
})
export class StreamsModule {}
