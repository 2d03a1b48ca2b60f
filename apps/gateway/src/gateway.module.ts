// Wiring only: which modules make a gateway.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ApiKeysModule } from './api-keys/api-keys.module.ts';
import { AuditModule } from './audit/audit.module.ts';
import { ConsoleModule } from './console/console.module.ts';
import { EventsModule } from './events/events.module.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { HlsModule } from './hls/hls.module.ts';
import { HttpFlvModule } from './http-flv/http-flv.module.ts';
import { IdempotencyModule } from './idempotency/idempotency.module.ts';
import { IngestSourcesModule } from './ingest-sources/ingest-sources.module.ts';
import { InstallationModule } from './installation/installation.module.ts';
import { MetricsModule } from './metrics/metrics.module.ts';
import { MultitrackModule } from './multitrack/multitrack.module.ts';
import { PagesModule } from './pages/pages.module.ts';
import { PlaybackKeysModule } from './playback-keys/playback-keys.module.ts';
import { PlaybackRestrictionsModule } from './playback-restrictions/playback-restrictions.module.ts';
import { PlaybackModule } from './playback/playback.module.ts';
import { PortsModule } from './ports/ports.module.ts';
import { PublishControlModule } from './publish-control/publish-control.module.ts';
import { RelayModule } from './relay/relay.module.ts';
import { RetentionModule } from './retention/retention.module.ts';
import { RoomsModule } from './rooms/rooms.module.ts';
import { ServerModule } from './server/server.module.ts';
import { SessionHealthModule } from './session-health/session-health.module.ts';
import { SessionsModule } from './sessions/sessions.module.ts';
import { SigningKeysModule } from './signing-keys/signing-keys.module.ts';
import { SimulcastTargetsModule } from './simulcast-targets/simulcast-targets.module.ts';
import { StreamKeysModule } from './stream-keys/stream-keys.module.ts';
import { StreamsModule } from './streams/streams.module.ts';
import { TenantsModule } from './tenants/tenants.module.ts';
import { TimedMetadataModule } from './timed-metadata/timed-metadata.module.ts';
import { QuotasModule } from './quotas/quotas.module.ts';
import { UsageModule } from './usage/usage.module.ts';
import { ViewerSessionsModule } from './viewer-sessions/viewer-sessions.module.ts';
import { VersionModule } from './version/version.module.ts';
import { WebhooksModule } from './webhooks/webhooks.module.ts';

@Module({})
export class GatewayModule {
  static register(options: GatewayOptions): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        PortsModule.register(options),
        IdempotencyModule,
        ServerModule,
        InstallationModule,
        TenantsModule,
        ApiKeysModule,
        StreamsModule,
        TimedMetadataModule,
        StreamKeysModule,
        IngestSourcesModule,
        SimulcastTargetsModule,
        PlaybackModule,
        PlaybackKeysModule,
        PlaybackRestrictionsModule,
        ViewerSessionsModule,
        SessionHealthModule,
        SessionsModule,
        PublishControlModule,
        MultitrackModule,
        HlsModule,
        HttpFlvModule,
        PagesModule,
        SigningKeysModule,
        RoomsModule,
        RelayModule,
        MetricsModule,
        EventsModule,
        WebhooksModule,
        UsageModule,
        AuditModule,
        RetentionModule,
        VersionModule,
        ConsoleModule,
        QuotasModule,
      ],
    };
  }
}
