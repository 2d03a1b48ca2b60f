// A fact of the database that the live store remembers, for when the database is away.
import type { LiveStore } from '@millrace/live-store';

/** A row that is known to be gone is remembered as such: it must not be taken for one that is merely not known. */
const GONE = 'gone';
/** How often a fact may change under a refresh before it is left to the next one. */
const MAX_ROUNDS = 5;

export interface FactSource<T> {
  /** What the keys of this kind of fact begin with. */
  readonly kind: string;
  /** Reads the fact out of the database; undefined when there is no such row. */
  read(id: string): Promise<T | undefined>;
  /** Checks a remembered text: another version of this program may have written it. */
  parse(value: unknown): T | undefined;
}

export class Remembered<T> {
  readonly #store: LiveStore;
  readonly #source: FactSource<T>;
  readonly #ttlMs: number;

  constructor(store: LiveStore, source: FactSource<T>, ttlMs: number) {
    this.#store = store;
    this.#source = source;
    this.#ttlMs = ttlMs;
  }

  /**
   * Writes what the database says now. Reads it again afterwards, and again writes when it has changed meanwhile: so of
   * several that refresh the same fact, the last one to write has written what holds, and a revocation is never undone by a
   * slower reader.
   *
   * @returns the fact
   */
  async refresh(id: string): Promise<T | undefined> {
    let fact = await this.#source.read(id);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const written = textOf(fact);
      await this.#store.remember(this.#key(id), written, this.#ttlMs);
      fact = await this.#source.read(id);
      if (textOf(fact) === written) break;
    }
    return fact;
  }

  /** What the database says now. */
  read(id: string): Promise<T | undefined> {
    return this.#source.read(id);
  }

  /** @returns the fact; null when it is known that there is none; undefined when nothing is known */
  async recall(id: string): Promise<T | null | undefined> {
    const text = await this.#store.recall(this.#key(id));
    if (text === undefined) return undefined;
    return text === GONE ? null : this.#source.parse(JSON.parse(text));
  }

  #key(id: string): string {
    return `${this.#source.kind}:${id}`;
  }
}

const textOf = (fact: unknown): string => (fact === undefined ? GONE : JSON.stringify(fact));
