// Signaling's life within the application's.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { RoomsServer } from './rooms-server.ts';
import { Rooms } from './rooms/rooms.ts';
import { SIGNALING_OPTIONS } from './signaling-options.ts';
import type { SignalingOptions } from './signaling-options.ts';

@Injectable()
export class SignalingService implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #rooms: Rooms;
  readonly #server: RoomsServer;
  readonly #options: SignalingOptions;

  constructor(
    @Inject(Rooms) rooms: Rooms,
    @Inject(RoomsServer) server: RoomsServer,
    @Inject(SIGNALING_OPTIONS) options: SignalingOptions,
  ) {
    this.#rooms = rooms;
    this.#server = server;
    this.#options = options;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { readiness, presence, roomBus } = this.#options;
    readiness.add('presence', () => presence.isReady() || 'the presence store cannot be reached');
    readiness.add('room_bus', () => roomBus.isReady() || 'the room bus cannot be reached');
    await this.#rooms.start();
    await this.#server.listen();
  }

  /** Refuses new sockets and asks participants to reconnect to another server. */
  leave(): void {
    this.#server.stopAdmitting();
    this.#rooms.leave();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.leave();
    await this.#rooms.drain();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rooms.stop();
    await this.#server.close();
  }
}
