// What becomes of a tenant's relay allocations when the tenant is suspended: relays ask again about its users.
import { Inject, Injectable } from '@nestjs/common';
import { RELAY_CONTROL } from '@millrace/control';
import type { RelayControl } from '@millrace/control';
import { TenantDependents } from '../tenants/tenant-dependents.ts';
import type { TenantDependent } from '../tenants/tenant-dependents.ts';

@Injectable()
export class RelayOfTenant implements TenantDependent {
  constructor(
    dependents: TenantDependents,
    @Inject(RELAY_CONTROL) private readonly control: RelayControl,
  ) {
    dependents.add(this);
  }

  onSuspended(tenantId: string): void {
    this.control.revokeRelay({ tenantId, subject: undefined });
  }
}
