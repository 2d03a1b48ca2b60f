// Tells tenants of stream keys that are about to expire: an encoder that publishes by a schedule would be refused without warning.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { appendEvent } from '../events/append-event.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { StreamKeyEntity } from './stream-key.entity.ts';
import { keyEvent } from './stream-keys.service.ts';

const LOOK_EVERY_MS = 60_000;
/** Keys of one transaction. */
const BATCH = 100;

@Injectable()
export class ExpiringKeys implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  /** What expires until then was told. */
  #toldUntil: Date | undefined;

  constructor(
    private readonly database: Database,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#tryTell());
    }, LOOK_EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Every gateway looks; the events have a name for each key and time, so the first one counts. */
  async tell(nowMs: number): Promise<void> {
    const until = new Date(nowMs + this.settings.streamKeyExpiringMs);
    let after = { expiresAt: this.#toldUntil ?? new Date(nowMs), id: '' };
    for (let count = BATCH; count === BATCH;) {
      const rows = await this.database.transaction(async (manager) => {
        const found = await manager
          .createQueryBuilder(StreamKeyEntity, 'key')
          .where('(key.expires_at, key.id) > (:expiresAt, :id) AND key.expires_at <= :until', { ...after, until })
          .andWhere('key.revoked_at IS NULL')
          .orderBy({ 'key.expires_at': 'ASC', 'key.id': 'ASC' })
          .take(BATCH)
          .getMany();
        for (const row of found)
          await appendEvent(manager, {
            ...keyEvent('stream_key.expiring', row),
            once: `expiring ${row.id} ${row.expiresAt?.getTime()}`,
          });
        return found;
      });
      count = rows.length;
      const last = rows.at(-1);
      if (last !== undefined && last.expiresAt !== null) after = { expiresAt: last.expiresAt, id: last.id };
    }
    this.#toldUntil = until;
  }

  async #tryTell(): Promise<void> {
    try {
      await this.tell(Date.now());
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable))
        this.logger.warn({ err: error }, 'cannot tell of expiring stream keys');
    }
  }
}
