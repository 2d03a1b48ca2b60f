import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { EventsModule } from '../events/events.module.ts';
import { JoinTokensModule } from '../join-tokens/join-tokens.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { RelayModule } from '../relay/relay.module.ts';
import { SessionsModule } from '../sessions/sessions.module.ts';
import { SigningKeysModule } from '../signing-keys/signing-keys.module.ts';
import { TenantsModule } from '../tenants/tenants.module.ts';
import { BansController } from './bans.controller.ts';
import { BansService } from './bans.service.ts';
import { HandedRoomEvents } from './handed-room-events.ts';
import { ParticipantsController } from './participants.controller.ts';
import { ParticipantsService } from './participants.service.ts';
import { RoomBanEntity } from './room-ban.entity.ts';
import { RoomControlController } from './room-control.controller.ts';
import { RoomFactReader } from './room-fact-reader.ts';
import { RoomReconciliation } from './room-reconciliation.ts';
import { RoomStates } from './room-states.ts';
import { RoomEntity } from './room.entity.ts';
import { RoomsOfTenant } from './rooms-of-tenant.ts';
import { RoomsController } from './rooms.controller.ts';
import { RoomsService } from './rooms.service.ts';
import { TokensController } from './tokens.controller.ts';
import { TokensService } from './tokens.service.ts';

@Module({
  imports: [
    DatabaseModule.withEntities(RoomEntity, RoomBanEntity),
    EventsModule,
    JoinTokensModule,
    KnownModule,
    RelayModule,
    SessionsModule,
    SigningKeysModule,
    TenantsModule,
  ],
  controllers: [RoomsController, ParticipantsController, BansController, TokensController, RoomControlController],
  providers: [
    HandedRoomEvents,
    RoomsService,
    ParticipantsService,
    BansService,
    TokensService,
    RoomReconciliation,
    RoomStates,
    RoomFactReader,
    RoomsOfTenant,
  ],
  exports: [RoomReconciliation],
})
export class RoomsModule {}
