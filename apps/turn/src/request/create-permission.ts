// RFC 8656 section 10.2: receiving a CreatePermission request.
import { StunErrorCode, XorPeerAddress } from '@millrace/protocol/stun';
import type { Allocation } from '../allocation/allocation.ts';
import { admitPeer } from './admit-peer.ts';
import type { AdmittedPeer } from './admit-peer.ts';
import type { ProvenExchange } from './exchange.ts';
import { ownAllocation } from './own-allocation.ts';
import type { TurnContext } from './turn-context.ts';

export function createPermission(context: TurnContext, exchange: ProvenExchange): void {
  const { answers, allocations } = context;
  const allocation = ownAllocation(exchange);
  if (typeof allocation === 'number') return answers.fail(exchange, allocation);
  const addresses = exchange.request.getAll(XorPeerAddress);
  if (addresses.length === 0) return answers.fail(exchange, StunErrorCode.badRequest);
  // All of them or none: "no permissions are installed or refreshed" when the request is refused.
  const peers: AdmittedPeer[] = [];
  for (const address of addresses) {
    const peer = admitPeer(context, allocation, address);
    if (typeof peer === 'number') return answers.fail(exchange, peer);
    peers.push(peer);
  }
  if (!hasRoom(context, allocation, peers)) return answers.fail(exchange, StunErrorCode.insufficientCapacity);
  for (const { address, relay, isOwn } of peers) allocations.permit(allocation, address, relay, isOwn);
  answers.succeed(exchange);
}

/** Whether that many more permissions fit. */
export function hasRoom(context: TurnContext, allocation: Allocation, peers: readonly AdmittedPeer[]): boolean {
  const { allocations, counters, settings } = context;
  const newOnes = new Set(
    peers.map(({ address }) => address).filter((address) => !allocation.permissions.has(address)),
  );
  const fits = (): boolean => allocation.permissions.size + newOnes.size <= settings.maxPermissions;
  if (newOnes.size === 0 || fits()) return true;
  allocations.sweep(allocation);
  if (fits()) return true;
  counters.met('max_permissions');
  return false;
}
