import { describe, expect, it } from 'vitest';
import { UnsentDatagrams } from './unsent-datagrams.ts';
import type { DroppedFor } from './unsent-datagrams.ts';

function queue(maxMs = 250, maxBytes = 1_000) {
  const dropped: DroppedFor[] = [];
  const unsent = new UnsentDatagrams({ maxMs, maxBytes }, (reason) => dropped.push(reason));
  const push = (name: number, atMs: number, size = 96) =>
    unsent.push({ head: Buffer.alloc(4, name), body: Buffer.alloc(size), padding: undefined, atMs });
  const shift = (nowMs: number) => unsent.shift(nowMs)?.head[0];
  return { unsent, dropped, push, shift };
}

describe('datagrams that wait for a slow client', () => {
  it('leave in the order in which they came', () => {
    const { push, shift, unsent } = queue();
    for (const name of [1, 2, 3]) push(name, name);
    expect(unsent.bytes).toBe(300);
    expect([1, 2, 3, 4].map(() => shift(10))).toEqual([1, 2, 3, undefined]);
    expect(unsent).toMatchObject({ count: 0, bytes: 0 });
  });

  it('are dropped once they are too old, the oldest first, when one comes and when one is taken', () => {
    const { push, shift, dropped } = queue();
    for (let name = 0; name < 8; name++) push(name, name * 100);
    expect(dropped).toEqual(Array.from({ length: 5 }, () => 'max_unsent_ms'));
    expect(shift(700)).toBe(5);
    expect(shift(900)).toBe(7);
    expect(dropped).toHaveLength(6);
  });

  it('never leave a client without the newest one, however old that is and however long', () => {
    const { push, shift, dropped } = queue(250, 100);
    push(1, 0);
    push(2, 0, 5_000);
    expect(dropped).toEqual(['max_unsent_bytes']);
    expect(shift(60_000)).toBe(2);
  });

  it('are bounded in bytes', () => {
    const { push, shift, dropped, unsent } = queue(60_000, 1_000);
    for (let name = 0; name < 30; name++) push(name, 0);
    expect(unsent).toMatchObject({ count: 10, bytes: 1_000 });
    expect(dropped).toHaveLength(20);
    expect(shift(0)).toBe(20);
  });

  it('cost no memory once they are gone, in any number', () => {
    const { push, shift, unsent } = queue(60_000, 1e9);
    for (let round = 0; round < 2_000; round++) {
      push(round & 0xff, 0);
      push((round + 1) & 0xff, 0);
      shift(0);
    }
    expect(unsent).toMatchObject({ count: 2_000, bytes: 200_000 });
    for (let i = 0; i < 2_000; i++) expect(shift(0)).toBeDefined();
    expect(shift(0)).toBeUndefined();
  });
});
