import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { PublisherCutsModule } from '../publish-control/publisher-cuts.module.ts';
import { RoomCutsModule } from '../rooms/room-cuts.module.ts';
import { TenantsController } from './tenants.controller.ts';
import { TenantsService } from './tenants.service.ts';

@Module({
  imports: [DatabaseModule, KnownModule, PublisherCutsModule, RoomCutsModule],
  controllers: [TenantsController],
  providers: [TenantsService],
  exports: [TenantsService],
})
export class TenantsModule {}
