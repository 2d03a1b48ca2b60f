// Who may use a connection to PostgreSQL now. The pool itself never has to say no: so when it cannot connect, PostgreSQL is away,
// and when there is no place here, the gateway is busy. Those are different answers.
import { FairDeadline } from '@millrace/domain';
import { DatabaseBusy } from './database.errors.ts';

/** `control`: what publishers, players and calls wait for. `rest`: everything else. */
export type DatabaseLane = 'control' | 'rest';

/** The part of the connections that is kept for `control`: one in five, one at least. */
const KEPT_PART = 5;
/** How many may wait; beyond it, they are told at once. */
const MAX_WAITING = 5_000;

interface Waiting {
  readonly admit: () => void;
}

export class DatabasePlaces {
  readonly #kept: number;
  readonly #waiting: Readonly<Record<DatabaseLane, Set<Waiting>>> = { control: new Set(), rest: new Set() };
  #taken = 0;
  #takenByRest = 0;
  readonly #total: number;
  readonly #waitMs: number;

  /**
   * @param total connections of the pool
   * @param waitMs how long one is waited for
   */
  constructor(total: number, waitMs: number) {
    this.#total = total;
    this.#waitMs = waitMs;

    this.#kept = Math.max(1, Math.floor(total / KEPT_PART));
  }

  /** Waits for a place. @returns a function that releases it. @throws DatabaseBusy when there is none in time */
  async take(lane: DatabaseLane): Promise<() => void> {
    if (this.#waiting[lane].size > 0 || !this.#hasRoom(lane)) await this.#wait(lane);
    else this.#count(lane, 1);
    return () => {
      this.#count(lane, -1);
      this.#admitNext();
    };
  }

  #hasRoom(lane: DatabaseLane): boolean {
    if (this.#taken >= this.#total) return false;
    return lane === 'control' || this.#takenByRest < this.#total - this.#kept;
  }

  #count(lane: DatabaseLane, by: number): void {
    this.#taken += by;
    if (lane === 'rest') this.#takenByRest += by;
  }

  async #wait(lane: DatabaseLane): Promise<void> {
    const queue = this.#waiting[lane];
    if (queue.size >= MAX_WAITING) throw new DatabaseBusy();
    await new Promise<void>((resolve, reject) => {
      // Places are released by answers of PostgreSQL, some of which may not have been read yet.
      const deadline = new FairDeadline(this.#waitMs, () => {
        queue.delete(me);
        reject(new DatabaseBusy());
      });
      const me: Waiting = {
        admit: () => {
          deadline.clear();
          resolve();
        },
      };
      queue.add(me);
    });
  }

  /** `control` goes first; within a lane, in the order of coming. */
  #admitNext(): void {
    for (const lane of ['control', 'rest'] as const)
      for (const next of this.#waiting[lane]) {
        if (!this.#hasRoom(lane)) break;
        this.#waiting[lane].delete(next);
        this.#count(lane, 1);
        next.admit();
      }
  }
}
