// Which place in the shared memory counts what which tenant or user has.
import { QUOTA_SLOTS, SERVER_SLOT } from './quota-slots.ts';
import type { QuotaSlots } from './quota-slots.ts';

interface Holder {
  readonly slot: number;
  usedAtMs: number;
}

export class QuotaRegistry {
  readonly #slots: QuotaSlots;
  readonly #keepMs: number;
  readonly #capacity: number;
  /** Who was asked about longest ago comes first. */
  readonly #holders = new Map<string, Holder>();
  #next = SERVER_SLOT + 1;

  /** @param keepMs how long a place stays its holder's after it was last asked for: longer than threads remember answers */
  constructor(slots: QuotaSlots, keepMs: number, capacity = QUOTA_SLOTS) {
    this.#slots = slots;
    this.#keepMs = keepMs;
    this.#capacity = capacity;
  }

  /** @returns the place of this name; undefined when all are in use */
  slotOf(name: string, nowMs: number): number | undefined {
    const holder = this.#holders.get(name);
    const slot = holder?.slot ?? this.#free(nowMs);
    if (slot === undefined) return undefined;
    this.#holders.delete(name);
    this.#holders.set(name, { slot, usedAtMs: nowMs });
    return slot;
  }

  #free(nowMs: number): number | undefined {
    if (this.#next < this.#capacity) return this.#next++;
    for (const [name, { slot, usedAtMs }] of this.#holders) {
      if (nowMs - usedAtMs < this.#keepMs) return undefined;
      if (this.#slots.allocations(slot) > 0) continue;
      this.#holders.delete(name);
      this.#slots.clear(slot);
      return slot;
    }
    return undefined;
  }
}
