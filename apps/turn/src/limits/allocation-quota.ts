// How many allocations there may be: of the server, of a tenant, of a user.
import { StunErrorCode } from '@millrace/protocol/stun';
import type { RelayGrant } from '../auth/relay-authorizer.ts';
import type { Counters } from '../counters.ts';
import { SERVER_SLOT } from './quota-slots.ts';
import type { QuotaSlots } from './quota-slots.ts';

export interface AllocationQuotas {
  readonly quotas: QuotaSlots;
  readonly settings: { readonly maxAllocations: number };
  readonly counters: Counters;
}

export interface QuotaReached {
  readonly code: StunErrorCode;
  /** What the client is told besides: which limit, and how much it is. */
  readonly detail: string | undefined;
}

/** Counts one more. @returns the error when there are too many of them already; then nothing is counted */
export function takeAllocationQuota(context: AllocationQuotas, grant: RelayGrant): QuotaReached | undefined {
  const { quotas, settings, counters } = context;
  const { limits, tenantSlot, userSlot } = grant;
  if (!quotas.takeAllocation(SERVER_SLOT, settings.maxAllocations)) {
    counters.met('max_allocations');
    return { code: StunErrorCode.insufficientCapacity, detail: undefined };
  }
  if (!quotas.takeAllocation(tenantSlot, limits.maxAllocations)) {
    quotas.releaseAllocation(SERVER_SLOT);
    quotas.countRefusal(tenantSlot);
    counters.met('allocations_per_tenant');
    const detail = `the tenant may have ${limits.maxAllocations} (relay_allocations)`;
    return { code: StunErrorCode.allocationQuotaReached, detail };
  }
  if (!quotas.takeAllocation(userSlot, limits.maxAllocationsPerUser)) {
    quotas.releaseAllocation(SERVER_SLOT);
    quotas.releaseAllocation(tenantSlot);
    counters.met('allocations_per_user');
    const detail = `a user may have ${limits.maxAllocationsPerUser}`;
    return { code: StunErrorCode.allocationQuotaReached, detail };
  }
  return undefined;
}

export function releaseAllocationQuota({ quotas }: Pick<AllocationQuotas, 'quotas'>, grant: RelayGrant): void {
  for (const slot of [SERVER_SLOT, grant.tenantSlot, grant.userSlot]) quotas.releaseAllocation(slot);
}
