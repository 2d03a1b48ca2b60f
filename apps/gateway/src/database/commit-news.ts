// Who waits for rows of one kind hears of them once they are committed, not when they are written.
import type { EntityManager } from 'typeorm';

/** Under this name a transaction keeps the topics it has news of. */
const TOPICS = 'millrace:topics';

/** Notes in a transaction that it has written something that others wait for. */
export function markCommit(manager: EntityManager, topic: string): void {
  const data = manager.queryRunner?.data;
  if (data === undefined) throw new Error('news of a commit needs a transaction');
  ((data[TOPICS] ??= new Set<string>()) as Set<string>).add(topic);
}

/** Takes the topics that a transaction has noted. */
export function takeTopics(manager: EntityManager): ReadonlySet<string> {
  const data = manager.queryRunner?.data;
  const topics = data?.[TOPICS] as ReadonlySet<string> | undefined;
  if (data !== undefined) delete data[TOPICS];
  return topics ?? new Set();
}

export class CommitNews {
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #followers = new Set<(topics: ReadonlySet<string>) => void>();

  /** @returns stops listening */
  listen(topic: string, listener: () => void): () => void {
    const all = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, all.add(listener));
    return () => {
      all.delete(listener);
      if (all.size === 0 && this.#listeners.get(topic) === all) this.#listeners.delete(topic);
    };
  }

  /** Told of everything that this process commits. @returns stops it */
  follow(follower: (topics: ReadonlySet<string>) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** This process has committed something. */
  tell(topics: ReadonlySet<string>): void {
    this.wake(topics);
    for (const follower of this.#followers) follower(topics);
  }

  /** Something was committed, maybe by another process. */
  wake(topics: ReadonlySet<string>): void {
    for (const topic of topics) for (const listener of this.#listeners.get(topic) ?? []) listener();
  }
}
