// What is done with hours that are over: each tenant is told what it has used, rows of processes are added up, old ones are deleted.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { randomInt } from 'node:crypto';
import type { Logger } from '@millrace/service-kit';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { appendEvent } from '../events/append-event.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { ALL_SOURCES } from './usage-amount.entity.ts';
import { USAGE_CODE_LIMITS } from './usage-limits.ts';
import { usageColumns, writeUsageNumbers } from './usage-numbers.ts';
import type { UsageNumbersRow } from './usage-numbers.ts';

const HOUR_MS = 3_600_000;
/** Services report what they counted in the last seconds of an hour a little later. */
const SETTLE_MS = 2 * 60_000;
/** Gateways do not all begin at the same time: the first one leaves nothing to do for the others. */
const SPREAD_MS = 2 * 60_000;
/** Rows, or tenants, of one statement. */
const BATCH = 1_000;
const TENANTS_AT_ONCE = 50;
/** An hour is reported once, for as long as its event is kept: hours that are nearly as old as that are not looked at again. */
const REPORTED_PART = 0.5;

interface HourOfTenant extends UsageNumbersRow {
  readonly tenant_id: string;
  readonly hour: number;
}

@Injectable()
export class UsageHours implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly database: Database,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#schedule(randomInt(SPREAD_MS));
  }

  async onApplicationShutdown(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Everything that is due. */
  async settle(nowMs: number): Promise<void> {
    await this.report(nowMs);
    await this.#addUp(nowMs);
    await this.#purge(nowMs);
  }

  /** Tells tenants what they have used in the hours that are over, each hour once. */
  async report(nowMs: number): Promise<void> {
    const { lateHours } = USAGE_CODE_LIMITS;
    const hours = Math.min(lateHours, Math.floor((this.settings.eventRetentionMs * REPORTED_PART) / HOUR_MS));
    const end = Math.floor((nowMs - SETTLE_MS) / HOUR_MS);
    let reported: number;
    do {
      reported = await this.database.transaction((manager) => reportHours(manager, end - hours, end));
    } while (reported === TENANTS_AT_ONCE && !this.#closed);
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#trySettle().finally(() => {
        const sinceHourMs = Date.now() % HOUR_MS;
        if (!this.#closed) this.#schedule(HOUR_MS - sinceHourMs + SETTLE_MS + randomInt(SPREAD_MS));
      });
    }, delayMs).unref();
  }

  async #trySettle(): Promise<void> {
    try {
      await this.database.whenUp();
      await this.settle(Date.now());
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable))
        this.logger.warn({ err: error }, 'cannot report the usage of the last hour');
    }
  }

  /** Rows of hours that no process may write to any more become one each. What is deleted here is added there, in one statement. */
  async #addUp(nowMs: number): Promise<void> {
    const before = Math.floor(nowMs / HOUR_MS) - USAGE_CODE_LIMITS.lateHours - 1;
    await this.#inBatches(
      `WITH found AS (
         SELECT ctid FROM usage_amounts WHERE hour < $1 AND source <> '${ALL_SOURCES}' LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
       ), gone AS (
         DELETE FROM usage_amounts WHERE ctid IN (SELECT ctid FROM found)
         RETURNING tenant_id, hour, live_stream_id, kind, protocol, amount
       ), kept AS (
         INSERT INTO usage_amounts AS kept (tenant_id, hour, live_stream_id, kind, protocol, source, amount)
         SELECT tenant_id, hour, live_stream_id, kind, protocol, '${ALL_SOURCES}', sum(amount) FROM gone
         GROUP BY tenant_id, hour, live_stream_id, kind, protocol ORDER BY 1, 2, 3, 4, 5
         ON CONFLICT (tenant_id, hour, live_stream_id, kind, protocol, source)
         DO UPDATE SET amount = kept.amount + excluded.amount)
       SELECT count(*)::int AS count FROM gone`,
      before,
    );
  }

  async #purge(nowMs: number): Promise<void> {
    await this.database.run((manager) =>
      manager.query(`DELETE FROM quota_readings WHERE measured_at < now() - interval '1 hour'`),
    );
    const before = Math.floor((nowMs - this.settings.usageRetentionMs) / HOUR_MS);
    await this.#inBatches(
      `WITH gone AS (
         DELETE FROM usage_amounts WHERE ctid IN (
           SELECT ctid FROM usage_amounts WHERE hour < $1 LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) RETURNING hour)
       SELECT count(*)::int AS count FROM gone`,
      before,
    );
  }

  async #inBatches(statement: string, before: number): Promise<void> {
    let count: number;
    do {
      const rows = await this.database.run((manager) => manager.query<{ count: number }[]>(statement, [before]));
      count = rows[0]?.count ?? 0;
    } while (count === BATCH && !this.#closed);
  }
}

/** @returns how many hours of tenants it has reported */
async function reportHours(manager: EntityManager, from: number, to: number): Promise<number> {
  const rows: HourOfTenant[] = await manager.query(
    `SELECT tenant_id, hour, ${usageColumns} FROM usage_amounts
     WHERE hour >= $1 AND hour < $2
       AND NOT EXISTS (SELECT FROM events WHERE once = 'usage ' || tenant_id || ' ' || hour)
     GROUP BY tenant_id, hour ORDER BY hour, tenant_id LIMIT ${TENANTS_AT_ONCE}`,
    [from, to],
  );
  for (const row of rows) {
    const { tenant_id: tenantId, hour } = row;
    await appendEvent(manager, {
      type: 'usage.recorded',
      tenantId,
      objectId: tenantId,
      object: {
        id: tenantId,
        from: new Date(hour * HOUR_MS).toISOString(),
        to: new Date((hour + 1) * HOUR_MS).toISOString(),
        ...writeUsageNumbers(row),
      },
      once: `usage ${tenantId} ${hour}`,
    });
  }
  return rows.length;
}
