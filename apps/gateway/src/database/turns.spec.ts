import { describe, expect, it } from 'vitest';
import { DatabaseBusy } from './database.errors.ts';
import { Turns } from './turns.ts';

describe('Turns', () => {
  it('runs what has one name one after another, and what has another one beside it', async () => {
    const turns = new Turns();
    const running = new Map<string, number>();
    let most = 0;
    let together = 0;
    const work = (name: string) => async (): Promise<string> => {
      running.set(name, (running.get(name) ?? 0) + 1);
      most = Math.max(most, running.get(name) ?? 0);
      together = Math.max(
        together,
        [...running.values()].reduce((sum, count) => sum + count, 0),
      );
      await new Promise((resolve) => setImmediate(resolve));
      running.set(name, (running.get(name) ?? 0) - 1);
      return name;
    };
    const names = ['a', 'a', 'b', 'a', 'b'];
    expect(await Promise.all(names.map((name) => turns.take(name, work(name))))).toEqual(names);
    expect([most, together]).toEqual([1, 2]);
  });

  it('goes on after one that failed', async () => {
    const turns = new Turns();
    const failing = turns.take('a', () => Promise.reject(new Error('no')));
    const next = turns.take('a', () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });

  it('lets 256 wait for one turn and tells the others at once', async () => {
    const turns = new Turns();
    const { promise, resolve } = Promise.withResolvers<void>();
    const all = Array.from({ length: 256 }, () => turns.take('a', () => promise));
    await expect(turns.take('a', () => promise)).rejects.toBeInstanceOf(DatabaseBusy);
    expect(await turns.take('b', () => Promise.resolve('beside'))).toBe('beside');
    resolve();
    await Promise.all(all);
    expect(await turns.take('a', () => Promise.resolve('again'))).toBe('again');
  });
});
