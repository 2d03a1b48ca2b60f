// What ends at a time of its own, looked at once a second: prolonging it costs nothing but writing the new time down.

const SLOT_MS = 1_000;

export interface Expiring {
  /** By the server's clock. May be moved to later at any time. */
  readonly expiresAtMs: number;
  /** Called once, after that time. */
  expire(): void;
}

export class ExpiryWheel {
  readonly #slots = new Map<number, Set<Expiring>>();
  readonly #slotOf = new Map<Expiring, number>();
  #nextSlot: number;

  constructor(nowMs: number) {
    this.#nextSlot = Math.floor(nowMs / SLOT_MS);
  }

  get size(): number {
    return this.#slotOf.size;
  }

  add(entry: Expiring): void {
    const slot = Math.max(this.#nextSlot, Math.floor(entry.expiresAtMs / SLOT_MS));
    let entries = this.#slots.get(slot);
    if (!entries) this.#slots.set(slot, (entries = new Set()));
    entries.add(entry);
    this.#slotOf.set(entry, slot);
  }

  remove(entry: Expiring): void {
    const slot = this.#slotOf.get(entry);
    if (slot === undefined) return;
    this.#slotOf.delete(entry);
    const entries = this.#slots.get(slot);
    entries?.delete(entry);
    if (entries?.size === 0) this.#slots.delete(slot);
  }

  /** Expires what is over, up to a second late. What was moved to later is looked at again then. */
  tick(nowMs: number): void {
    // Only slots that have passed as a whole: an entry that is added again goes into a later one.
    const current = Math.floor(nowMs / SLOT_MS);
    // It may not have been looked at for days.
    if (this.#slots.size === 0) this.#nextSlot = Math.max(this.#nextSlot, current);
    for (; this.#nextSlot < current; this.#nextSlot++) {
      const entries = this.#slots.get(this.#nextSlot);
      if (!entries) continue;
      this.#slots.delete(this.#nextSlot);
      for (const entry of entries) this.#look(entry, nowMs);
    }
  }

  #look(entry: Expiring, nowMs: number): void {
    this.#slotOf.delete(entry);
    if (entry.expiresAtMs <= nowMs) entry.expire();
    else this.add(entry);
  }
}
