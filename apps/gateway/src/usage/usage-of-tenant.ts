import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.ts';
import { TenantDependents } from '../tenants/tenant-dependents.ts';

const BATCH = 1_000;

/** The usage of a tenant that is deleted: too many rows for one statement. */
@Injectable()
export class UsageOfTenant {
  constructor(
    private readonly database: Database,
    dependents: TenantDependents,
  ) {
    dependents.add({ deleteRows: (tenantId) => this.#deleteRows(tenantId) });
  }

  async #deleteRows(tenantId: string): Promise<void> {
    let deleted: number;
    do {
      const [, count] = await this.database.run((manager) =>
        manager.query<[unknown, number]>(
          `DELETE FROM usage_amounts WHERE ctid IN (SELECT ctid FROM usage_amounts WHERE tenant_id = $1 LIMIT ${BATCH})`,
          [tenantId],
        ),
      );
      deleted = count;
    } while (deleted === BATCH);
  }
}
