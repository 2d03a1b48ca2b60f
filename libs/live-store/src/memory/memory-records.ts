// Small records in memory, bounded in number: the oldest goes first.

interface SmallRecord {
  readonly value: string;
  readonly expiresAtMs: number;
}

/** A small cache with a time to live for each entry. */
export class MemoryRecords {
  readonly #records = new Map<string, SmallRecord>();
  readonly #nowMs: () => number;
  readonly #maxRecords: number;

  constructor(nowMs: () => number, maxRecords: number) {
    this.#nowMs = nowMs;
    this.#maxRecords = maxRecords;
  }

  get size(): number {
    return this.#records.size;
  }

  set(key: string, value: string, ttlMs: number): void {
    // Taken out first, so that the order of the map is the order of writing.
    this.#records.delete(key);
    this.#records.set(key, { value, expiresAtMs: this.#nowMs() + ttlMs });
    if (this.#records.size <= this.#maxRecords) return;
    for (const oldest of this.#records.keys()) {
      this.#records.delete(oldest);
      return;
    }
  }

  get(key: string): string | undefined {
    const record = this.#records.get(key);
    return record !== undefined && record.expiresAtMs > this.#nowMs() ? record.value : undefined;
  }

  delete(key: string): void {
    this.#records.delete(key);
  }

  sweep(): void {
    const now = this.#nowMs();
    for (const [key, record] of this.#records) if (record.expiresAtMs <= now) this.#records.delete(key);
  }
}
