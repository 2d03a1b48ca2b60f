import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { TimedMetadataControlController, TimedMetadataController } from './timed-metadata.controller.ts';
import { TimedMetadataService } from './timed-metadata.service.ts';

@Module({
  imports: [DatabaseModule],
  controllers: [TimedMetadataController, TimedMetadataControlController],
  providers: [TimedMetadataService],
})
export class TimedMetadataModule {}
