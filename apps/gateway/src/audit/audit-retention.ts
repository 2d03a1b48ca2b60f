// Deletes audit events after the retention time.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import { LessThan } from 'typeorm';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { AuditEventEntity } from './audit-event.entity.ts';

const PURGE_EVERY_MS = 10 * 60_000;

@Injectable()
export class AuditRetention implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
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

  async purge(nowMs: number): Promise<void> {
    const before = new Date(nowMs - this.settings.auditRetentionMs);
    await deleteInBatches(this.database, AuditEventEntity, { createdAt: LessThan(before) });
  }

  async #tryPurge(): Promise<void> {
    try {
      await this.purge(Date.now());
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) this.logger.warn({ err: error }, 'cannot delete old audit events');
    }
  }
}
