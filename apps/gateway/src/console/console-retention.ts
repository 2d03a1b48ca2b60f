// Deletes console sessions and one-time links once they are over.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';
import { ConsoleSessionsService } from './console-sessions.service.ts';

const PURGE_EVERY_MS = 10 * 60_000;

@Injectable()
export class ConsoleRetention implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly sessions: ConsoleSessionsService,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#tryPurge());
    }, PURGE_EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #tryPurge(): Promise<void> {
    try {
      await this.sessions.purge(new Date());
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable))
        this.logger.warn({ err: error }, 'cannot delete old console sessions');
    }
  }
}
