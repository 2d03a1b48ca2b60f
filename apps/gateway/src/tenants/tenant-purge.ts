// Deletes the rows of deleted tenants once the time is over in which they can be restored.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import { LessThanOrEqual } from 'typeorm';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable, isDeadlock } from '../database/database.errors.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';
import { TenantDependents } from './tenant-dependents.ts';
import { TenantEntity } from './tenant.entity.ts';

const PURGE_EVERY_MS = 10 * 60_000;
/** So many in one round. */
const MAX_PURGED = 100;
/** What is still written of a tenant holds its streams and waits for the tenant, which is the other way round here. */
const MAX_ATTEMPTS = 5;

@Injectable()
export class TenantPurge implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly known: KnownFacts,
    private readonly dependents: TenantDependents,
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

  /** Also finishes what another gateway has begun and not brought to its end: each step can be taken twice. */
  async purge(nowMs: number): Promise<void> {
    const where = { purgeAt: LessThanOrEqual(new Date(nowMs)) };
    const order = { purgeAt: 'ASC' } as const;
    const due = await this.database.run((manager) =>
      manager.find(TenantEntity, { where, order, take: MAX_PURGED, select: { id: true } }),
    );
    for (const { id } of due) await this.purgeTenant(id);
  }

  /** @param id of a tenant that cannot be restored any more */
  async purgeTenant(id: string): Promise<void> {
    for (let attempt = 1; !(await this.#deleteRows(id)); attempt++)
      if (attempt === MAX_ATTEMPTS) throw new Error(`the rows of ${id} were locked ${MAX_ATTEMPTS} times`);
    await this.known.changed('tenants', id);
    await this.dependents.deleted(id);
    this.logger.info({ tenant_id: id }, 'deleted the data of a tenant');
  }

  /** @returns false where another transaction came in between */
  async #deleteRows(id: string): Promise<boolean> {
    try {
      await this.dependents.deleteRows(id);
      await this.database.run((manager) => manager.delete(TenantEntity, { id }));
      return true;
    } catch (error) {
      if (isDeadlock(error)) return false;
      throw error;
    }
  }

  async #tryPurge(): Promise<void> {
    try {
      await this.purge(Date.now());
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) this.logger.warn({ err: error }, 'cannot purge deleted tenants');
    }
  }
}
