import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { PublishAuthorizersModule } from '../publish-authorizers/publish-authorizers.module.ts';
import { RoomsModule } from '../rooms/rooms.module.ts';
import { SessionsModule } from '../sessions/sessions.module.ts';
import { StreamKeysModule } from '../stream-keys/stream-keys.module.ts';
import { PublishAuthorizer } from './publish-authorizer.ts';
import { PublishControlController } from './publish-control.controller.ts';
import { PublisherCutsModule } from '../publisher-cuts/publisher-cuts.module.ts';
import { PublishFactsFinder } from './publish-facts.ts';
import { PublishLogins } from './publish-logins.ts';
import { Reconciler } from './reconciler.ts';
import { RefusedPublishers } from './refused-publishers.ts';
import { SrtHandshakes } from './srt-handshakes.ts';
import { TenantQuotas } from './tenant-quotas.ts';

@Module({
  imports: [
    AuthModule,
    DatabaseModule,
    KnownModule,
    PublishAuthorizersModule,
    PublisherCutsModule,
    RoomsModule,
    SessionsModule,
    StreamKeysModule,
  ],
  controllers: [PublishControlController],
  providers: [
    PublishAuthorizer,
    PublishFactsFinder,
    PublishLogins,
    Reconciler,
    RefusedPublishers,
    SrtHandshakes,
    TenantQuotas,
  ],
  exports: [PublishFactsFinder],
})
export class PublishControlModule {}
