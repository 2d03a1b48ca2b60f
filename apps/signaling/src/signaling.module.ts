// Wiring: signaling as a part of a Nest application.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { RoomsServer } from './rooms-server.ts';
import { RoomChangesController } from './room-changes.controller.ts';
import { Rooms } from './rooms/rooms.ts';
import { SIGNALING_OPTIONS } from './signaling-options.ts';
import type { SignalingOptions } from './signaling-options.ts';
import { SignalingService } from './signaling.service.ts';

@Module({})
export class SignalingModule {
  /** Signaling on these ports. It opens its own port with the application, and sends its clients elsewhere before that ends. */
  static register(options: SignalingOptions): DynamicModule {
    const rooms = new Rooms(options);
    return {
      module: SignalingModule,
      controllers: [RoomChangesController],
      providers: [
        { provide: SIGNALING_OPTIONS, useValue: options },
        { provide: Rooms, useValue: rooms },
        { provide: RoomsServer, useValue: new RoomsServer(options, rooms) },
        SignalingService,
      ],
      exports: [Rooms, RoomsServer],
    };
  }
}
