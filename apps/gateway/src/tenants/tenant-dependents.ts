// What happens elsewhere when a tenant is suspended or deleted: each feature that has something of tenants says so itself.
import { Injectable } from '@nestjs/common';

export interface TenantDependent {
  /** The tenant is refused already: stops what it has running. Also comes before a deletion. Does not fail. */
  onSuspended?(tenantId: string): Promise<void> | void;
  /** Deletes the tenant's rows in batches, before the row of the tenant takes along what is left. */
  deleteRows?(tenantId: string): Promise<void>;
  /** The tenant is gone. */
  onDeleted?(tenantId: string): Promise<void>;
}

@Injectable()
export class TenantDependents {
  readonly #dependents: TenantDependent[] = [];

  add(dependent: TenantDependent): void {
    this.#dependents.push(dependent);
  }

  async suspended(tenantId: string): Promise<void> {
    for (const dependent of this.#dependents) await dependent.onSuspended?.(tenantId);
  }

  async deleteRows(tenantId: string): Promise<void> {
    for (const dependent of this.#dependents) await dependent.deleteRows?.(tenantId);
  }

  async deleted(tenantId: string): Promise<void> {
    for (const dependent of this.#dependents) await dependent.onDeleted?.(tenantId);
  }
}
