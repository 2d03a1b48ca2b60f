import { Module } from '@nestjs/common';
import { UsageLedger } from '@millrace/control';
import { PlaybackMeter } from '@millrace/playout';
import { TenantLabels } from '@millrace/service-kit';
import type { Metrics } from '@millrace/service-kit';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { DemandModule } from '../demand/demand.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { GATEWAY_SETTINGS, METRICS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { QuotasModule } from '../quotas/quotas.module.ts';
import { UsageModule } from '../usage/usage.module.ts';
import { ViewerSessionsModule } from '../viewer-sessions/viewer-sessions.module.ts';
import { LiveViewers } from './live-viewers.ts';
import { PlaybackAdmission } from './playback-admission.ts';
import { PlaybackControlController } from './playback-control.controller.ts';
import { PlaybackDirectory } from './playback-directory.ts';
import { PlaybackFactReader } from './playback-fact-reader.ts';
import { PlaybackGate } from './playback-gate.ts';
import { PlaybackIdEntity } from './playback-id.entity.ts';
import { ViewerQuotas } from './viewer-quotas.ts';

/** One for all protocols. */
const meter = {
  provide: PlaybackMeter,
  inject: [METRICS, GATEWAY_SETTINGS, UsageLedger],
  useFactory: (metrics: Metrics, settings: GatewaySettings, usage: UsageLedger) =>
    new PlaybackMeter(metrics, new TenantLabels(metrics, settings.metricsTenantLimit), usage),
};

@Module({
  imports: [
    AuthModule,
    DatabaseModule.withEntities(PlaybackIdEntity),
    DemandModule,
    KnownModule,
    QuotasModule,
    UsageModule,
    ViewerSessionsModule,
  ],
  controllers: [PlaybackControlController],
  providers: [PlaybackAdmission, PlaybackDirectory, PlaybackFactReader, PlaybackGate, LiveViewers, ViewerQuotas, meter],
  exports: [PlaybackAdmission, PlaybackDirectory, PlaybackGate, LiveViewers, ViewerQuotas, PlaybackMeter],
})
export class PlaybackModule {}
