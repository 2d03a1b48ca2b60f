import { Module } from '@nestjs/common';
import { PlaybackMeter } from '@millrace/playout';
import { TenantLabels } from '@millrace/service-kit';
import type { Metrics } from '@millrace/service-kit';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { GATEWAY_SETTINGS, METRICS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { PlaybackDirectory } from './playback-directory.ts';
import { PlaybackFactReader } from './playback-fact-reader.ts';
import { PlaybackIdEntity } from './playback-id.entity.ts';

/** One for all protocols. */
const meter = {
  provide: PlaybackMeter,
  inject: [METRICS, GATEWAY_SETTINGS],
  useFactory: (metrics: Metrics, settings: GatewaySettings) =>
    new PlaybackMeter(metrics, new TenantLabels(metrics, settings.metricsTenantLimit)),
};

@Module({
  imports: [DatabaseModule.withEntities(PlaybackIdEntity), KnownModule],
  providers: [PlaybackDirectory, PlaybackFactReader, meter],
  exports: [PlaybackDirectory, PlaybackMeter],
})
export class PlaybackModule {}
