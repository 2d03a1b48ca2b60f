// Facts that are asked for again and again: each is read once a second at most, however many ask.
import { BoundedCache } from '../cache/bounded-cache.ts';
import type { FactFinder } from './fact-finder.ts';
import type { FactKind, FactOf } from './facts.ts';

const FRESH_MS = 1_000;
const MAX_KEPT = 10_000;

interface Kept<K extends FactKind> {
  readonly fact: FactOf<K> | undefined;
  readonly readAtMs: number;
}

export class FactCache<K extends FactKind> {
  readonly #kept = new BoundedCache<string, Kept<K>>(MAX_KEPT);
  readonly #reading = new Map<string, Promise<FactOf<K> | undefined>>();
  readonly #facts: FactFinder;
  readonly #kind: K;

  constructor(facts: FactFinder, kind: K) {
    this.#facts = facts;
    this.#kind = kind;
  }

  /** @returns undefined when there is no such thing. @throws NotKnown, LiveStoreError when that cannot be told now and was never told */
  async of(id: string): Promise<FactOf<K> | undefined> {
    const kept = this.#kept.get(id);
    if (kept !== undefined && Date.now() - kept.readAtMs < FRESH_MS) return kept.fact;
    let reading = this.#reading.get(id);
    if (reading === undefined) {
      reading = this.#read(id).finally(() => this.#reading.delete(id));
      this.#reading.set(id, reading);
    }
    try {
      return await reading;
    } catch (error) {
      if (kept !== undefined) return kept.fact;
      throw error;
    }
  }

  async #read(id: string): Promise<FactOf<K> | undefined> {
    const fact = await this.#facts.look((read) => read(this.#kind, id));
    this.#kept.set(id, { fact, readAtMs: Date.now() });
    return fact;
  }
}
