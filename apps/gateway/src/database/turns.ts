// Work under one row's lock, one after another: what waits for its turn here holds no connection, as what waits for the lock
// itself would.
import { DatabaseBusy } from './database.errors.ts';

/** How many wait for one turn; beyond it, they are told at once. */
const MAX_WAITING = 256;

interface Line {
  last: Promise<unknown>;
  waiting: number;
}

export class Turns {
  readonly #lines = new Map<string, Line>();

  /** Runs `work` once all that came before it with the same name has ended. @throws DatabaseBusy when too many wait */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(name) ?? { last: Promise.resolve(), waiting: 0 };
    if (line.waiting >= MAX_WAITING) throw new DatabaseBusy();
    this.#lines.set(name, line);
    line.waiting++;
    const before = line.last;
    const mine = before.then(work);
    line.last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      if (--line.waiting === 0) this.#lines.delete(name);
    }
  }
}
