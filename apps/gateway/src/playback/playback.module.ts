import { Module } from '@nestjs/common';
import { PlaybackMeter } from '@millrace/playout';
import { TenantLabels, type Metrics } from '@millrace/service-kit';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { GATEWAY_SETTINGS, METRICS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { PlaybackDirectory } from './playback-directory.ts';
import { PlaybackIdsController } from './playback-ids.controller.ts';
import { PlaybackIdsService } from './playback-ids.service.ts';

/** One for all protocols. */
const meter = {
  provide: PlaybackMeter,
  inject: [METRICS, GATEWAY_SETTINGS],
  useFactory: (metrics: Metrics, settings: GatewaySettings) =>
    new PlaybackMeter(metrics, new TenantLabels(metrics, settings.metricsTenantLimit)),
};

@Module({
  imports: [DatabaseModule, KnownModule],
  controllers: [PlaybackIdsController],
  providers: [PlaybackIdsService, PlaybackDirectory, meter],
  exports: [PlaybackDirectory, PlaybackMeter],
})
export class PlaybackModule {}
