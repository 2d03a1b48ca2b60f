// Tells tenants that they use most of a quota, or all of it: once each time, whichever gateway notices it.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { appendEvent } from '../events/append-event.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { USAGE_CODE_LIMITS } from '../usage/usage-limits.ts';
import { UsageWriter } from '../usage/usage-writer.ts';
import type { WrittenUsage } from '../usage/usage-writer.ts';
import { quotaLimit, quotaNames } from './quota-names.ts';
import type { QuotaName } from './quota-names.ts';
import { quotaLevel } from './quota-state.ts';
import type { QuotaLevel } from './quota-state.ts';
import { QuotaUses } from './quota-use.ts';
import { QuotaLevelEntity } from './quota-level.entity.ts';

/** A tenant is looked at this long after it was seen to use something: only what is used changes its level. */
const LOOK_AFTER_MS = 5_000;
const TENANTS_AT_ONCE = 200;

interface Change {
  readonly tenantId: string;
  readonly quota: QuotaName;
  readonly before: QuotaLevel;
  readonly after: QuotaLevel;
  readonly limit: number;
  readonly used: number;
}

@Injectable()
export class QuotaWatch implements OnApplicationShutdown {
  readonly #seen = new Set<string>();
  /** Until when what was measured of these tenants counts: they are looked at once more when it does not any more. */
  readonly #measuredUntilMs = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    writer: UsageWriter,
    private readonly uses: QuotaUses,
    private readonly database: Database,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    writer.onWritten = (written) => this.#note(written);
    // A counter begins at 0, so that its first increase is seen.
    for (const limit of quotaNames)
      for (const state of ['warning', 'exceeded'] as const) metrics.quotaLevels.inc({ limit, state }, 0);
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Compares what these tenants use with their quotas, and reports what has crossed a level. */
  async look(tenantIds: readonly string[], nowMs: number): Promise<void> {
    for (let from = 0; from < tenantIds.length; from += TENANTS_AT_ONCE)
      for (const change of await this.#changesOf(tenantIds.slice(from, from + TENANTS_AT_ONCE), nowMs))
        for (const state of await this.database.transaction((manager) => record(manager, change)))
          this.metrics.quotaLevels.inc({ limit: change.quota, state });
  }

  #note({ used, measured }: WrittenUsage): void {
    for (const id of [...used, ...measured]) this.#seen.add(id);
    for (const id of measured) this.#measuredUntilMs.set(id, performance.now() + USAGE_CODE_LIMITS.readingValidMs);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const nowMs = performance.now();
      for (const [id, untilMs] of this.#measuredUntilMs)
        if (untilMs < nowMs) {
          this.#measuredUntilMs.delete(id);
          this.#seen.add(id);
        }
      const seen = [...this.#seen];
      this.#seen.clear();
      this.#running = this.#running.then(() => this.#tryLook(seen));
      if (this.#measuredUntilMs.size > 0) this.#schedule();
    }, LOOK_AFTER_MS).unref();
  }

  async #tryLook(tenantIds: readonly string[]): Promise<void> {
    try {
      await this.look(tenantIds, Date.now());
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) this.logger.warn({ err: error }, 'cannot compare usage with quotas');
    }
  }

  async #changesOf(tenantIds: readonly string[], nowMs: number): Promise<Change[]> {
    const uses = await this.uses.of(tenantIds, nowMs);
    const { tenants, levels } = await this.database.run(async (manager) => ({
      tenants: await manager.findBy(TenantEntity, { id: In([...tenantIds]) }),
      levels: await manager.findBy(QuotaLevelEntity, { tenantId: In([...tenantIds]) }),
    }));
    const before = new Map(levels.map(({ tenantId, quota, level }) => [`${tenantId} ${quota}`, level]));
    return tenants.flatMap((tenant) => {
      const use = uses.get(tenant.id) ?? {};
      return quotaNames.flatMap((quota): Change[] => {
        const limit = quotaLimit(quota, tenant, this.settings);
        const used = use[quota];
        if (used === undefined || limit === null || limit === 0) return [];
        const old = before.get(`${tenant.id} ${quota}`) ?? 0;
        const after = quotaLevel(old, used / limit);
        return after === old ? [] : [{ tenantId: tenant.id, quota, before: old, after, limit, used }];
      });
    });
  }
}

/** Another gateway may have noticed it as well: the one that changes the row reports it. @returns the states that the tenant is told of */
async function record(manager: EntityManager, change: Change): Promise<readonly ('warning' | 'exceeded')[]> {
  const { tenantId, quota, before, after, limit, used } = change;
  const rows = await manager.query<unknown[]>(
    `INSERT INTO quota_levels AS kept (tenant_id, quota, level, changed_at) SELECT id, $2, $3, now() FROM tenants WHERE id = $1
     ON CONFLICT (tenant_id, quota) DO UPDATE SET level = excluded.level, changed_at = excluded.changed_at
     WHERE kept.level = $4 RETURNING level`,
    [tenantId, quota, after, before],
  );
  if (rows.length === 0) return [];
  const object = { id: tenantId, quota, limit, used };
  const event = { tenantId, objectId: tenantId, object };
  const states: ('warning' | 'exceeded')[] = [];
  if (before < 80 && after >= 80) {
    await appendEvent(manager, { ...event, type: 'quota.threshold_reached' });
    states.push('warning');
  }
  if (before < 100 && after === 100) {
    await appendEvent(manager, { ...event, type: 'quota.exceeded' });
    states.push('exceeded');
  }
  return states;
}
