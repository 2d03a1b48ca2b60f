import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SegmentPool } from './segment-pool.ts';

const SIZE = 600_000;
const IDLE_MS = 1_000;

let pool: SegmentPool;
beforeEach(() => {
  vi.useFakeTimers();
  pool = new SegmentPool({ maxFreeBytes: 4 * 1024 * 1024, idleMs: IDLE_MS });
});
afterEach(() => {
  pool.clear();
  vi.useRealTimers();
});

/** Takes so many, and gives all of them back. */
function fill(count: number, size = SIZE): void {
  const taken = Array.from({ length: count }, () => pool.take(size));
  for (const bytes of taken) pool.release(bytes);
}

describe('the pool of segment memory', () => {
  it('gives memory of the size that is asked for, and what was given back again', () => {
    const first = pool.take(SIZE);
    expect(first).toHaveLength(SIZE);
    first.fill('a');
    pool.release(first);
    const waiting = pool.freeBytes;
    expect(waiting).toBeGreaterThanOrEqual(SIZE);
    expect(waiting).toBeLessThanOrEqual(SIZE * 1.25);
    const second = pool.take(SIZE - 1_000);
    expect(second).toHaveLength(SIZE - 1_000);
    expect(pool.freeBytes).toBe(0);
    expect(second.toString('latin1', 0, 3)).toBe('aaa');
  });

  it('leaves a view that was forgotten empty where it detaches, rather than showing what comes next', () => {
    pool = new SegmentPool({ detaches: true });
    const forgotten = pool.take(SIZE);
    const inside = forgotten.subarray(10, 20);
    pool.release(forgotten);
    pool.take(SIZE).fill('b');
    expect([forgotten.length, inside.length]).toEqual([0, 0]);
  });

  it.each([1, 2, 1_000, 16 * 1024, 16 * 1024 + 1, 65_535, 65_536, 65_537, 1_000_003, 33_554_432])(
    'has blocks that hold %d bytes, and are at most a quarter larger',
    (size) => {
      const { byteLength } = pool.take(size).buffer;
      expect(byteLength).toBeGreaterThanOrEqual(size);
      expect(byteLength).toBeLessThanOrEqual(size * 1.25 + 1);
    },
  );

  it('takes a block of the next size where there is none of its own, and not a much larger one', () => {
    fill(1, 700_000);
    const { freeBytes } = pool;
    pool.take(300_000);
    expect(pool.freeBytes).toBe(freeBytes);
    pool.take(600_000);
    expect(pool.freeBytes).toBe(0);
  });

  it('is given back once, also when its block was taken since', () => {
    const first = pool.take(SIZE);
    pool.release(first);
    const second = pool.take(SIZE);
    expect(second.buffer).toBe(first.buffer);
    pool.release(first);
    pool.adopt(first);
    pool.reclaim(first);
    expect(pool.freeBytes).toBe(0);
    pool.release(second);
    expect(pool.freeBytes).toBe(second.buffer.byteLength);
  });

  it('is bounded: what would be too much is left to the collector', () => {
    const taken = Array.from({ length: 20 }, () => pool.take(SIZE));
    for (const bytes of taken) pool.release(bytes);
    expect(pool.freeBytes).toBeGreaterThan(4 * 1024 * 1024 - 1.25 * SIZE);
    expect(pool.freeBytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  });

  it('keeps none where the bound is 0', () => {
    const none = new SegmentPool({ maxFreeBytes: 0 });
    const bytes = none.take(SIZE);
    none.release(bytes);
    expect([none.freeBytes, bytes.length]).toEqual([0, SIZE]);
  });

  it('is owned by its taker, and by the store that has adopted it', () => {
    const adopted = pool.take(SIZE);
    pool.adopt(adopted);
    pool.release(adopted);
    expect(pool.freeBytes).toBe(0);
    const mine = pool.take(SIZE);
    pool.reclaim(mine);
    expect(pool.freeBytes).toBe(0);
    pool.reclaim(adopted);
    pool.reclaim(adopted);
    expect(pool.freeBytes).toBe(adopted.buffer.byteLength);
  });

  it('has no owner once it was adopted twice, and other memory has none ever', () => {
    const twice = pool.take(SIZE);
    pool.adopt(twice);
    pool.adopt(twice);
    const other = Buffer.alloc(SIZE);
    pool.adopt(other);
    for (const bytes of [twice, other]) {
      pool.release(bytes);
      pool.reclaim(bytes);
    }
    expect([pool.freeBytes, twice.length, other.length]).toEqual([0, SIZE, SIZE]);
  });

  it('forgets what was not needed for some time, and keeps what is', () => {
    fill(4);
    const { freeBytes } = pool;
    for (let beats = 0; beats < 5; beats++) {
      fill(2);
      vi.advanceTimersByTime(IDLE_MS);
    }
    expect(pool.freeBytes).toBe(freeBytes / 2);
    vi.advanceTimersByTime(2 * IDLE_MS);
    expect(pool.freeBytes).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    fill(1);
    expect(pool.freeBytes).toBe(freeBytes / 4);
  });
});
