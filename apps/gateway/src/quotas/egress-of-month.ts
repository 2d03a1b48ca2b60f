// How many bytes viewers of a tenant have been sent since the month began (UTC), a few seconds behind.
import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { Database } from '../database/database.ts';
import { USAGE_CODE_LIMITS } from '../usage/usage-limits.ts';

const HOUR_MS = 3_600_000;
const MAX_TENANTS = 10_000;

/** Hours that can still grow are added up each time; those before are remembered. */
interface Settled {
  readonly untilHour: number;
  readonly bytes: number;
}

@Injectable()
export class EgressOfMonth {
  /** By tenant and first hour of the month. */
  readonly #settled = new BoundedCache<string, Settled>(MAX_TENANTS);

  constructor(private readonly database: Database) {}

  /** @returns the bytes of each of these tenants */
  async of(tenantIds: readonly string[], nowMs: number): Promise<ReadonlyMap<string, number>> {
    const now = new Date(nowMs);
    const begins = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1) / HOUR_MS;
    const untilHour = Math.max(begins, Math.floor(nowMs / HOUR_MS) - USAGE_CODE_LIMITS.lateHours - 1);
    const nameOf = (tenantId: string): string => `${tenantId} ${begins}`;
    const unsettled = tenantIds.filter((id) => this.#settled.get(nameOf(id))?.untilHour !== untilHour);
    if (untilHour > begins && unsettled.length > 0) {
      const sums = await this.#sum(unsettled, begins, untilHour);
      for (const id of unsettled) this.#settled.set(nameOf(id), { untilHour, bytes: sums.get(id) ?? 0 });
    }
    const recent = await this.#sum(tenantIds, untilHour, Number.MAX_SAFE_INTEGER);
    return new Map(
      tenantIds.map((id) => {
        const settled = this.#settled.get(nameOf(id));
        return [id, (settled?.untilHour === untilHour ? settled.bytes : 0) + (recent.get(id) ?? 0)];
      }),
    );
  }

  async #sum(tenantIds: readonly string[], from: number, to: number): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.run((manager) =>
      manager.query<{ tenant_id: string; bytes: number }[]>(
        `SELECT tenant_id, sum(amount) AS bytes FROM usage_amounts
         WHERE tenant_id = ANY($1::text[]) AND hour >= $2 AND hour < $3 AND kind = 'egress_bytes' GROUP BY tenant_id`,
        [tenantIds, from, Math.min(to, 2 ** 31 - 1)],
      ),
    );
    return new Map(rows.map(({ tenant_id: id, bytes }) => [id, bytes]));
  }
}
