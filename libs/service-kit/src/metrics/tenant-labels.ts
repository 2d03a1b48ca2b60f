// The label of a tenant, where a metric may have one: only on what is counted for usage, and only for so many tenants.
import type { Metrics } from './metrics.ts';

/** All tenants beyond the limit together. */
export const OTHER_TENANTS = '__other__';

export class TenantLabels {
  readonly #limit: number;
  readonly #known = new Set<string>();
  readonly #full;

  /** @param limit how many tenants of this process get a label of their own: the first ones, until it ends */
  constructor(metrics: Metrics, limit: number) {
    this.#limit = limit;
    this.#full = metrics.gauge('tenant_limit_reached', '1 while some tenants are counted together as __other__.');
  }

  of(tenantId: string): string {
    if (this.#known.has(tenantId)) return tenantId;
    if (this.#known.size >= this.#limit) {
      this.#full.set(1);
      return OTHER_TENANTS;
    }
    this.#known.add(tenantId);
    return tenantId;
  }
}
