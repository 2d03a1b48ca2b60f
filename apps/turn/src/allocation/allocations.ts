// Every allocation of a thread: how one begins, what it holds, and how all of that is released.
import type { Credential } from '../auth/credential.ts';
import type { TurnClock } from '../clock.ts';
import type { QuotaSlots } from '../limits/quota-slots.ts';
import type { Counters } from '../counters.ts';
import { releaseAllocationQuota } from '../limits/allocation-quota.ts';
import type { ClientFlow } from './client-flow.ts';
import { Allocation } from './allocation.ts';
import { ChannelBinding } from './channel-binding.ts';
import type { ExpiryWheel } from './expiry-wheel.ts';
import { Permission } from './permission.ts';
import type { PortPool } from './port-pool.ts';
import type { Relay } from './relay.ts';
import { Traffic } from './traffic.ts';
import { Upkeep } from './upkeep.ts';
import type { AllocationUsage } from './upkeep.ts';

export interface AllocationsOptions {
  readonly clock: TurnClock;
  readonly wheel: ExpiryWheel;
  readonly ports: PortPool;
  readonly quotas: QuotaSlots;
  readonly counters: Counters;
  /** Goes before the name of each allocation: different in each thread. */
  readonly namePrefix: string;
  readonly usageMs: number;
  readonly onUsage: (usage: AllocationUsage) => void;
}

export class Allocations {
  readonly #options: AllocationsOptions;
  readonly #all = new Map<Allocation, Upkeep>();
  /** Runs when one is gone, after everything it held has been released. */
  onEnded: (allocation: Allocation) => void = () => undefined;
  #made = 0;

  constructor(options: AllocationsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): IterableIterator<Allocation> {
    return this.#all.keys();
  }

  /** @param relays that were opened already, one at least. The quotas have counted it already. */
  add(flow: ClientFlow, credential: Credential, transport: 'udp' | 'tcp', relays: readonly Relay[]): Allocation {
    const { clock, wheel, quotas, counters, namePrefix, usageMs, onUsage } = this.#options;
    const allocation = new Allocation({
      name: `${namePrefix}${++this.#made}`,
      flow,
      credential,
      transport,
      traffic: new Traffic(credential.grant, quotas, counters, () => clock.nowMs()),
    });
    allocation.relays.push(...relays);
    const upkeep = new Upkeep({ allocation, clock, wheel, usageMs, onUsage, sweep: () => this.#look(allocation) });
    this.#all.set(allocation, upkeep);
    flow.allocation = allocation;
    flow.allocationChanged();
    counters.add('allocations');
    return allocation;
  }

  /** Releases everything that it holds, once. */
  end(allocation: Allocation): void {
    const upkeep = this.#all.get(allocation);
    if (!upkeep) return;
    const { counters } = this.#options;
    this.#all.delete(allocation);
    allocation.ended = true;
    upkeep.finish();
    for (const relay of allocation.relays) this.#close(relay);
    counters.add('permissions', -allocation.permissions.size);
    counters.add('channels', -allocation.channels.size);
    counters.add('allocations', -1);
    releaseAllocationQuota(this.#options, allocation.credential.grant);
    const { flow } = allocation;
    if (flow.allocation === allocation) flow.allocation = undefined;
    flow.allocationChanged();
    this.onEnded(allocation);
  }

  /** Its client is at another address from now on (RFC 8016). */
  move(allocation: Allocation, flow: ClientFlow): void {
    const before = allocation.flow;
    allocation.flow = flow;
    flow.allocation = allocation;
    if (before.allocation === allocation) before.allocation = undefined;
    before.allocationChanged();
    flow.allocationChanged();
  }

  /** Ends one relay; the allocation with its last. */
  endRelay(allocation: Allocation, relay: Relay): void {
    if (allocation.relays.length === 1) {
      this.end(allocation);
      return;
    }
    allocation.relays.splice(allocation.relays.indexOf(relay), 1);
    this.#close(relay);
    for (const permission of allocation.permissions.values())
      if (permission.relay === relay) this.#forget(allocation, permission);
  }

  /** Its relays end at another time than before. */
  refreshed(allocation: Allocation): void {
    this.#all.get(allocation)?.reschedule();
  }

  /** Adds or refreshes a permission. The caller has seen that there is room. */
  permit(allocation: Allocation, address: string, relay: Relay, isOwn: boolean): Permission {
    const nowMs = this.#options.clock.nowMs();
    const existing = allocation.permissions.get(address);
    if (existing) {
      existing.refresh(nowMs);
      return existing;
    }
    const permission = new Permission(address, relay, isOwn, nowMs);
    allocation.permissions.set(address, permission);
    this.#options.counters.add('permissions');
    return permission;
  }

  /** Adds a channel. The caller has seen that number and peer are free. */
  bind(allocation: Allocation, number: number, permission: Permission, port: number): void {
    const binding = new ChannelBinding(number, permission, port, this.#options.clock.nowMs());
    allocation.channels.set(number, binding);
    permission.channels.set(port, binding);
    this.#options.counters.add('channels');
  }

  /** Forgets permissions and channels that are over: their lifetimes are looked at whenever they are used. */
  sweep(allocation: Allocation): void {
    const nowMs = this.#options.clock.nowMs();
    for (const binding of allocation.channels.values())
      if (binding.expiresAtMs <= nowMs) this.#unbind(allocation, binding);
    // RFC 8656 section 12: a channel outlives a permission that was not refreshed, and can only send then.
    for (const permission of allocation.permissions.values())
      if (permission.expiresAtMs <= nowMs && permission.channels.size === 0) this.#forget(allocation, permission);
  }

  #look(allocation: Allocation): void {
    const nowMs = this.#options.clock.nowMs();
    for (const relay of [...allocation.relays]) if (relay.expiresAtMs <= nowMs) this.endRelay(allocation, relay);
    if (!allocation.ended) this.sweep(allocation);
  }

  #unbind(allocation: Allocation, binding: ChannelBinding): void {
    allocation.channels.delete(binding.number);
    binding.permission.channels.delete(binding.port);
    this.#options.counters.add('channels', -1);
  }

  #forget(allocation: Allocation, permission: Permission): void {
    for (const binding of permission.channels.values()) this.#unbind(allocation, binding);
    allocation.permissions.delete(permission.address);
    this.#options.counters.add('permissions', -1);
  }

  #close(relay: Relay): void {
    relay.close();
    this.#options.ports.release(relay.announced.port);
  }
}
