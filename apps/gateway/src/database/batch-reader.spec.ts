import { describe, expect, it } from 'vitest';
import { BatchReader } from './batch-reader.ts';

/** Answers when it is told to. */
class Table {
  readonly queries: {
    readonly ids: readonly string[];
    readonly answer: (found: ReadonlyMap<string, string>) => void;
  }[] = [];
  readonly reader = new BatchReader<string>((ids) => {
    const { promise, resolve } = Promise.withResolvers<ReadonlyMap<string, string>>();
    this.queries.push({ ids, answer: resolve });
    return promise;
  });

  /** Answers the query that runs with a value for each id that begins with a letter. */
  answerLast(value: string): void {
    const { ids, answer } = this.queries.at(-1)!;
    answer(new Map(ids.filter((id) => /^[a-z]/.test(id)).map((id) => [id, value])));
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('BatchReader', () => {
  it('reads with one query what is asked for while another one runs, and each id once', async () => {
    const table = new Table();
    const first = table.reader.read('a');
    await turn();
    const others = ['b', '1', 'b', 'c'].map((id) => table.reader.read(id));
    await turn();
    expect(table.queries.map(({ ids }) => ids)).toEqual([['a']]);
    table.answerLast('old');
    expect(await first).toBe('old');
    await turn();
    expect(table.queries.map(({ ids }) => ids)).toEqual([['a'], ['b', '1', 'c']]);
    table.answerLast('new');
    expect(await Promise.all(others)).toEqual(['new', undefined, 'new', 'new']);
  });

  it('answers no reader from a query that began before the reader asked', async () => {
    const table = new Table();
    const before = table.reader.read('a');
    await turn();
    const after = table.reader.read('a');
    table.answerLast('old');
    expect(await before).toBe('old');
    await turn();
    table.answerLast('new');
    expect(await after).toBe('new');
  });

  it('asks for 500 ids at most with one query', async () => {
    const table = new Table();
    const asked = Array.from({ length: 1_200 }, (_, i) => table.reader.read(`a${i}`));
    for (let query = 1; query <= 3; query++) {
      await turn();
      expect(table.queries).toHaveLength(query);
      table.answerLast('x');
    }
    expect(await Promise.all(asked)).toEqual(asked.map(() => 'x'));
    expect(table.queries.map(({ ids }) => ids.length)).toEqual([500, 500, 200]);
  });

  it('fails those alone whose query fails', async () => {
    let fail = true;
    const reader = new BatchReader<string>((ids) =>
      fail ? Promise.reject(new Error('away')) : Promise.resolve(new Map(ids.map((id) => [id, 'x']))),
    );
    const failing = [reader.read('a'), reader.read('b')];
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fail = false;
    expect(await reader.read('a')).toBe('x');
  });
});
