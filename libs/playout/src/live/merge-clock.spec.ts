import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MergeClock } from './merge-clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function create(maxMs: number, viewers: number) {
  const clock = new MergeClock(maxMs, () => viewers);
  const flushed: string[] = [];
  const collecting = (name: string) => {
    const one = {
      flush: () => {
        clock.forget(one);
        flushed.push(name);
      },
    };
    return one;
  };
  return { clock, flushed, collecting };
}

it.each([
  ['nothing is to be merged', 0, 1_000, 0],
  ['there is one viewer', 50, 1, 0],
  ['there are few viewers', 50, 10, 5],
  ['there are many', 50, 5_000, 50],
])('flushes after so long when %s', (_, maxMs, viewers, waitMs) => {
  const { clock, flushed, collecting } = create(maxMs, viewers);
  clock.schedule(collecting('a'));
  if (waitMs > 0) {
    vi.advanceTimersByTime(waitMs - 1);
    expect(flushed).toEqual([]);
    vi.advanceTimersByTime(1);
  }
  expect(flushed).toEqual(['a']);
  expect(vi.getTimerCount()).toBe(0);
});

it('flushes all streams by one timer, which those that have nothing left do not keep', () => {
  const { clock, flushed, collecting } = create(50, 1_000);
  const [a, b] = [collecting('a'), collecting('b')];
  clock.schedule(a);
  vi.advanceTimersByTime(30);
  clock.schedule(b);
  clock.schedule(b);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(20);
  expect(flushed).toEqual(['a', 'b']);
  clock.schedule(a);
  a.flush();
  expect(vi.getTimerCount()).toBe(0);
});
