// How many allocations there may be: of the server, of a tenant, of a user.
import { StunErrorCode } from '@millrace/protocol/stun';
import type { RelayGrant } from '../auth/relay-authorizer.ts';
import type { TurnContext } from './turn-context.ts';

/** The quota slot of the server as a whole. */
export const SERVER_SLOT = 0;

/** Counts one more. @returns the error when there are too many of them already; then nothing is counted */
export function takeAllocationQuota(context: TurnContext, grant: RelayGrant): StunErrorCode | undefined {
  const { quotas, settings, counters } = context;
  const { limits, tenantSlot, userSlot } = grant;
  if (!quotas.takeAllocation(SERVER_SLOT, settings.maxAllocations)) {
    counters.met('max_allocations');
    return StunErrorCode.insufficientCapacity;
  }
  if (!quotas.takeAllocation(tenantSlot, limits.maxAllocations)) {
    quotas.giveBackAllocation(SERVER_SLOT);
    counters.met('allocations_per_tenant');
    return StunErrorCode.allocationQuotaReached;
  }
  if (!quotas.takeAllocation(userSlot, limits.maxAllocationsPerUser)) {
    quotas.giveBackAllocation(SERVER_SLOT);
    quotas.giveBackAllocation(tenantSlot);
    counters.met('allocations_per_user');
    return StunErrorCode.allocationQuotaReached;
  }
  return undefined;
}

export function giveBackAllocationQuota({ quotas }: Pick<TurnContext, 'quotas'>, grant: RelayGrant): void {
  for (const slot of [SERVER_SLOT, grant.tenantSlot, grant.userSlot]) quotas.giveBackAllocation(slot);
}
