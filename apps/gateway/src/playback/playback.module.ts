import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { PlaybackDirectory } from './playback-directory.ts';
import { PlaybackIdsController } from './playback-ids.controller.ts';
import { PlaybackIdsService } from './playback-ids.service.ts';

@Module({
  imports: [DatabaseModule, KnownModule],
  controllers: [PlaybackIdsController],
  providers: [PlaybackIdsService, PlaybackDirectory],
  exports: [PlaybackDirectory],
})
export class PlaybackModule {}
