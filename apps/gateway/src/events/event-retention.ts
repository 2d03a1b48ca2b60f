// Deletes events and their deliveries after the retention time.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import { LessThan } from 'typeorm';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { EventEntity } from './event.entity.ts';

const PURGE_EVERY_MS = 10 * 60_000;

@Injectable()
export class EventRetention implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      // A purge of many events may take longer than that.
      this.#running = this.#running.then(() => this.#tryPurge());
    }, PURGE_EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async purge(nowMs: number): Promise<void> {
    const before = new Date(nowMs - this.settings.eventRetentionMs);
    await deleteInBatches(this.database, EventEntity, { createdAt: LessThan(before) });
  }

  async #tryPurge(): Promise<void> {
    try {
      await this.purge(Date.now());
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) this.logger.warn({ err: error }, 'cannot delete old events');
    }
  }
}
