import { Injectable } from '@nestjs/common';
import { notFound, requireOperator } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { tenantFor } from '../tenants/tenant-choice.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { QUOTAS, quotaNames } from './quota-names.ts';
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
    const values: Partial<Record<keyof TenantEntity, unknown>> = { updatedAt: new Date() };
    for (const name of quotaNames) if (body[name] !== undefined) values[QUOTAS[name].column] = body[name];
    const row = await this.database.transaction(
      async (manager) => {
        await manager.update(TenantEntity, { id: tenantId }, values as Partial<TenantEntity>);
        return manager.findOneBy(TenantEntity, { id: tenantId });
      },
      { turn: tenantId },
    );
    if (row === null) throw notFound();
    await this.known.changed('tenants', tenantId);
    return this.#write(row);
  }

  async #write(row: TenantEntity): Promise<QuotasAnswer> {
    const use: QuotaUse = (await this.uses.of([row.id], Date.now())).get(row.id) ?? {};
    return {
      tenant_id: row.id,
      quotas: quotaNames.map((name) => {
        const limit = row[QUOTAS[name].column];
        const used = use[name] ?? null;
        const level = limit === null || used === null || limit === 0 ? 0 : quotaLevel(0, used / limit);
        return { name, limit, used, state: STATES[level] };
      }),
    };
  }
}
