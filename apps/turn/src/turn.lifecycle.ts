// The server begins and stops with its Nest application.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { TurnService } from './turn-service.ts';

@Injectable()
export class TurnLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #service: TurnService;

  constructor(@Inject(TurnService) service: TurnService) {
    this.#service = service;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#service.listen();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#service.drain();
  }
}
