// Facts from the database; from what the live store remembers only while the database is away.
import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { Database } from '../database/database.ts';
import type { FactKind, FactOf } from './facts.ts';
import { KnownFacts } from './known-facts.ts';

/** @returns undefined when there is no such thing. @throws NotKnown when that cannot be told now */
export type FactReader = <K extends FactKind>(kind: K, id: string) => Promise<FactOf<K> | undefined>;

/** The database is away, and nothing is remembered of what was asked for. */
export class NotKnown extends Error {
  override readonly name = 'NotKnown';
}

/** How often a fact in use is remembered anew; each change is remembered at once. */
const REMEMBER_AGAIN_MS = 60_000;
const MAX_REMEMBERED = 50_000;

@Injectable()
export class FactFinder {
  readonly #rememberedAtMs = new BoundedCache<string, number>(MAX_REMEMBERED);

  constructor(
    private readonly known: KnownFacts,
    private readonly database: Database,
  ) {}

  /**
   * Runs `work`, which reads facts and does nothing else: once with the database's, or with the remembered ones when it goes away.
   *
   * @throws NotKnown
   */
  async look<T>(work: (read: FactReader) => Promise<T>): Promise<T> {
    if (this.database.isUp) {
      try {
        return await work((kind, id) => this.#read(kind, id));
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error;
      }
    }
    return work((kind, id) => this.#recall(kind, id));
  }

  async #read<K extends FactKind>(kind: K, id: string): Promise<FactOf<K> | undefined> {
    const fact = await this.known.of(kind).read(id);
    if (fact !== undefined) this.#rememberLater(kind, id);
    return fact;
  }

  async #recall<K extends FactKind>(kind: K, id: string): Promise<FactOf<K> | undefined> {
    const fact = await this.known.of(kind).recall(id);
    if (fact === undefined) throw new NotKnown(`no known facts of one of the ${kind}`);
    return fact ?? undefined;
  }

  #rememberLater(kind: FactKind, id: string): void {
    const name = `${kind} ${id}`;
    const now = Date.now();
    if (now - (this.#rememberedAtMs.get(name) ?? 0) < REMEMBER_AGAIN_MS) return;
    this.#rememberedAtMs.set(name, now);
    void this.known.changed(kind, id);
  }
}
