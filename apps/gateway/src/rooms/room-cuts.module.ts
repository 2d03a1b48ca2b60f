import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { RoomCuts } from './room-cuts.ts';

@Module({ imports: [DatabaseModule], providers: [RoomCuts], exports: [RoomCuts] })
export class RoomCutsModule {}
