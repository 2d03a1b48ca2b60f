import { Inject, Injectable } from '@nestjs/common';
import { recordChange } from '../audit/record-change.ts';
import { notFound, requireOperator } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { timeOfChange } from '../etags/entity-tag.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { tenantFor } from '../tenants/tenant-choice.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { quotaLimit, QUOTAS, quotaNames } from './quota-names.ts';
import { quotaLevel } from './quota-state.ts';
import { QuotaUses } from './quota-use.ts';
import type { QuotaUse } from './quota-use.ts';
import type { QuotasAnswer, ReadQuotasQuery, SetQuotasBody } from './quotas.dto.ts';

const STATES = { 0: 'ok', 80: 'warning', 100: 'exceeded' } as const;

@Injectable()
export class QuotasService {
  constructor(
    private readonly database: Database,
    private readonly known: KnownFacts,
    private readonly uses: QuotaUses,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async read(caller: Principal, query: ReadQuotasQuery): Promise<QuotasAnswer> {
    const id = tenantFor(caller, query.tenant_id);
    const row = await this.database.run((manager) => manager.findOneBy(TenantEntity, { id }));
    if (row === null) throw notFound();
    return this.#write(row);
  }

  /** Only what is named changes. Takes effect at once for what begins, and within seconds for what is going on. */
  async set(caller: Principal, tenantId: string, body: SetQuotasBody): Promise<QuotasAnswer> {
    if (caller.kind === 'tenant' && caller.tenantId !== tenantId) throw notFound();
    requireOperator(caller);
    const values: Partial<Record<keyof TenantEntity, unknown>> = {};
    for (const name of quotaNames) if (body[name] !== undefined) values[QUOTAS[name].column] = body[name];
    const row = await this.database.transaction(
      async (manager) => {
        const where = { id: tenantId };
        const before = await manager.findOne(TenantEntity, { where, lock: { mode: 'for_no_key_update' } });
        if (before === null) throw notFound();
        const changed = { ...values, updatedAt: timeOfChange(before.updatedAt) } as Partial<TenantEntity>;
        await manager.update(TenantEntity, where, changed);
        const after = { ...before, ...changed };
        const change = { tenantId, objectId: tenantId, before: limitsOf(before), after: limitsOf(after) };
        await recordChange(manager, caller, change);
        return after;
      },
      { turn: tenantId },
    );
    await this.known.changed('tenants', tenantId);
    return this.#write(row);
  }

  async #write(row: TenantEntity): Promise<QuotasAnswer> {
    const use: QuotaUse = (await this.uses.of([row.id], Date.now())).get(row.id) ?? {};
    return {
      tenant_id: row.id,
      quotas: quotaNames.map((name) => {
        const limit = quotaLimit(name, row, this.settings);
        const used = use[name] ?? null;
        const level = limit === null || used === null || limit === 0 ? 0 : quotaLevel(0, used / limit);
        return { name, limit, used, state: STATES[level] };
      }),
    };
  }
}

const limitsOf = (row: TenantEntity): Record<string, number | null> =>
  Object.fromEntries(quotaNames.map((name) => [name, row[QUOTAS[name].column]]));
