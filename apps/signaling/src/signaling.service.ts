// Signaling as a whole: when it is ready, and how it leaves.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { ROOM_BUS } from '@millrace/control';
import type { RoomBus } from '@millrace/control';
import { PRESENCE_STORE } from '@millrace/live-store';
import type { PresenceStore } from '@millrace/live-store';
import { READINESS } from '@millrace/service-kit';
import type { Readiness } from '@millrace/service-kit';
import { RoomsServer } from './rooms-server.ts';
import { Rooms } from './rooms/rooms.ts';

/** Depends on the port and the rooms: Nest calls this one first when the application ends. */
@Injectable()
export class SignalingService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly rooms: Rooms,
    private readonly server: RoomsServer,
    @Inject(PRESENCE_STORE) private readonly presence: PresenceStore,
    @Inject(ROOM_BUS) private readonly roomBus: RoomBus,
    @Inject(READINESS) private readonly readiness: Readiness,
  ) {}

  onApplicationBootstrap(): void {
    const { readiness, presence, roomBus } = this;
    readiness.add('presence', () => presence.isReady() || 'the presence store cannot be reached');
    readiness.add('room_bus', () => roomBus.isReady() || 'the room bus cannot be reached');
  }

  /** Refuses new sockets and asks participants to reconnect to another server. Idempotent. */
  leave(): void {
    this.server.stopAdmitting();
    this.rooms.leave();
  }

  beforeApplicationShutdown(): void {
    this.leave();
  }
}
