import { describe, expect, it } from 'vitest';
import { Lines } from './lines.ts';

describe('Lines', () => {
  it('let so many of one name in at once, the others in their order, and those of another name beside them', async () => {
    const lines = new Lines(2, 10);
    const leave = [await lines.enter('a'), await lines.enter('a')];
    const order: number[] = [];
    const waiting = [1, 2].map(async (n) => {
      const leaveAgain = await lines.enter('a');
      order.push(n);
      return leaveAgain;
    });
    expect(await lines.enter('b')).toBeDefined();
    expect(order).toEqual([]);
    leave[0]!();
    leave[0]!();
    await waiting[0];
    expect(order).toEqual([1]);
    (await waiting[0])!();
    await waiting[1];
    expect(order).toEqual([1, 2]);
  });

  it('let so many wait', async () => {
    const lines = new Lines(1, 1);
    const leave = await lines.enter('a');
    const waiting = lines.enter('a');
    expect(await lines.enter('a')).toBeUndefined();
    leave!();
    expect(await waiting).toBeDefined();
  });
});
