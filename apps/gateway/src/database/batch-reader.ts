// Reads rows by their ids, many with one query: what is asked for while a query runs goes into the next one. So however many
// ask, also for what does not exist, one kind of row takes one connection; and each answer is as new as its question, since
// its query begins after it.

/** How many ids one query asks for. */
const MAX_BATCH = 500;

interface Question<T> {
  readonly answer: Promise<T | undefined>;
  readonly resolve: (found: T | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class BatchReader<T> {
  #waiting = new Map<string, Question<T>>();
  #isReading = false;
  readonly #readAll: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>;

  /** @param readAll one query for all of these ids; an id without a row is left out */
  constructor(readAll: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>) {
    this.#readAll = readAll;
  }

  /** @returns undefined when there is no such row */
  read(id: string): Promise<T | undefined> {
    let question = this.#waiting.get(id);
    if (question === undefined) {
      const { promise: answer, resolve, reject } = Promise.withResolvers<T | undefined>();
      question = { answer, resolve, reject };
      this.#waiting.set(id, question);
    }
    if (!this.#isReading) void this.#readWaiting();
    return question.answer;
  }

  async #readWaiting(): Promise<void> {
    this.#isReading = true;
    // What is asked for in this turn of the event loop goes together.
    await Promise.resolve();
    while (this.#waiting.size > 0) await this.#readBatch(this.#takeBatch());
    this.#isReading = false;
  }

  #takeBatch(): ReadonlyMap<string, Question<T>> {
    if (this.#waiting.size <= MAX_BATCH) {
      const all = this.#waiting;
      this.#waiting = new Map();
      return all;
    }
    const batch = new Map([...this.#waiting].slice(0, MAX_BATCH));
    for (const id of batch.keys()) this.#waiting.delete(id);
    return batch;
  }

  async #readBatch(batch: ReadonlyMap<string, Question<T>>): Promise<void> {
    try {
      const found = await this.#readAll([...batch.keys()]);
      for (const [id, { resolve }] of batch) resolve(found.get(id));
    } catch (error) {
      for (const { reject } of batch.values()) reject(error);
    }
  }
}
