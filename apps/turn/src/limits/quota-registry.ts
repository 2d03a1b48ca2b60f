// Which place in the shared memory counts what which tenant or user has.
import { QUOTA_SLOTS, SERVER_SLOT } from './quota-slots.ts';
import type { QuotaSlots } from './quota-slots.ts';

interface Holder {
  readonly tenantId: string;
  /** Undefined: the tenant itself. */
  readonly subject: string | undefined;
  readonly slot: number;
  usedAtMs: number;
}

/** In each, the one that was asked about longest ago comes first. */
type Holders = Map<string, Holder>;

export interface QuotaRegistryOptions {
  readonly slots: QuotaSlots;
  /** How long a place stays its holder's after it was last asked for: longer than threads remember answers. */
  readonly keepMs: number;
  /** A tenant makes user names itself: those of one must not leave the others without places. */
  readonly maxUsersPerTenant: number;
  readonly capacity?: number;
}

export class QuotaRegistry {
  /** Called before the place of a tenant is given to another holder. */
  onReleased: (tenantId: string, slot: number) => void = () => undefined;
  readonly #slots: QuotaSlots;
  readonly #keepMs: number;
  readonly #maxUsersPerTenant: number;
  readonly #capacity: number;
  readonly #holders: Holders = new Map();
  readonly #users = new Map<string, Holders>();
  #next = SERVER_SLOT + 1;

  constructor({ slots, keepMs, maxUsersPerTenant, capacity = QUOTA_SLOTS }: QuotaRegistryOptions) {
    this.#slots = slots;
    this.#keepMs = keepMs;
    this.#maxUsersPerTenant = maxUsersPerTenant;
    this.#capacity = capacity;
  }

  /** @returns the place of this tenant; undefined when all are in use */
  tenantSlot(tenantId: string, nowMs: number): number | undefined {
    return this.#use(this.#holders.get(tenantId) ?? this.#hold(tenantId, undefined, nowMs), nowMs);
  }

  /** @returns the place of this user of a tenant; undefined when all are in use, or as many as the tenant may have */
  userSlot(tenantId: string, subject: string, nowMs: number): number | undefined {
    return this.#use(this.#users.get(tenantId)?.get(subject) ?? this.#hold(tenantId, subject, nowMs), nowMs);
  }

  /** The tenants that have a place, and that. */
  *tenants(): Generator<readonly [tenantId: string, slot: number]> {
    for (const { tenantId, subject, slot } of this.#holders.values()) if (subject === undefined) yield [tenantId, slot];
  }

  #use(holder: Holder | undefined, nowMs: number): number | undefined {
    if (holder === undefined) return undefined;
    holder.usedAtMs = nowMs;
    this.#forget(holder);
    const { tenantId, subject } = holder;
    this.#holders.set(nameOf(holder), holder);
    if (subject === undefined) return holder.slot;
    const users = this.#users.get(tenantId) ?? new Map<string, Holder>();
    this.#users.set(tenantId, users.set(subject, holder));
    return holder.slot;
  }

  #hold(tenantId: string, subject: string | undefined, nowMs: number): Holder | undefined {
    const users = this.#users.get(tenantId);
    const isShareUsed = subject !== undefined && users !== undefined && users.size >= this.#maxUsersPerTenant;
    const slot = isShareUsed ? this.#release(users, nowMs) : this.#free(nowMs);
    return slot === undefined ? undefined : { tenantId, subject, slot, usedAtMs: nowMs };
  }

  #free(nowMs: number): number | undefined {
    return this.#next < this.#capacity ? this.#next++ : this.#release(this.#holders, nowMs);
  }

  /** Takes a place from one of these that has had no use for it for a while. */
  #release(holders: Holders, nowMs: number): number | undefined {
    for (const holder of holders.values()) {
      if (nowMs - holder.usedAtMs < this.#keepMs) return undefined;
      if (this.#slots.allocations(holder.slot) > 0) continue;
      this.#forget(holder);
      if (holder.subject === undefined) this.onReleased(holder.tenantId, holder.slot);
      this.#slots.clear(holder.slot);
      return holder.slot;
    }
    return undefined;
  }

  #forget(holder: Holder): void {
    this.#holders.delete(nameOf(holder));
    const users = this.#users.get(holder.tenantId);
    if (holder.subject === undefined || users === undefined) return;
    users.delete(holder.subject);
    if (users.size === 0) this.#users.delete(holder.tenantId);
  }
}

const nameOf = ({ tenantId, subject }: Holder): string => (subject === undefined ? tenantId : `${tenantId}:${subject}`);
