import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Beat } from './shared-beat.ts';
import { onSharedBeat } from './shared-beat.ts';

const beats: Beat[] = [];
const start = (intervalMs: number, beat: () => void): Beat => {
  const started = onSharedBeat(intervalMs, beat);
  beats.push(started);
  return started;
};

describe('a shared beat', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    for (const beat of beats.splice(0)) beat.stop();
    vi.useRealTimers();
  });

  it('comes at the same moments whenever a part was started', () => {
    const at: Record<string, number[]> = { early: [], late: [], slow: [] };
    start(500, () => at['early']?.push(performance.now()));
    vi.advanceTimersByTime(370);
    start(500, () => at['late']?.push(performance.now()));
    start(1_000, () => at['slow']?.push(performance.now()));
    vi.advanceTimersByTime(3_000);
    expect(at['late']).toHaveLength(6);
    expect(at['early']).toEqual(at['late']);
    expect(at['slow']).toHaveLength(3);
    for (const ms of at['slow'] ?? []) expect(at['early']).toContain(ms);
  });

  it('leaves out what was missed while the process stood still', () => {
    const beat = vi.fn();
    start(100, beat);
    vi.advanceTimersByTime(100);
    expect(beat).toHaveBeenCalledExactlyOnceWith(0);
    // The clock goes on, and no timer is served.
    const stoodStillMs = 1_050;
    const now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => now + stoodStillMs);
    vi.advanceTimersByTime(100);
    expect(beat).toHaveBeenCalledTimes(2);
    expect(beat).toHaveBeenLastCalledWith(stoodStillMs - 100);
    vi.advanceTimersByTime(50);
    expect(beat).toHaveBeenCalledTimes(3);
  });

  it('ends when it is stopped, also by what it calls', () => {
    const outside = vi.fn();
    const inside = vi.fn(() => own.stop());
    const stopped = start(100, outside);
    const own = start(100, inside);
    stopped.stop();
    stopped.stop();
    vi.advanceTimersByTime(1_000);
    expect(outside).not.toHaveBeenCalled();
    expect(inside).toHaveBeenCalledOnce();
  });

  it('goes on after a call that throws', () => {
    const beat = vi.fn(() => {
      throw new Error('once');
    });
    start(100, beat);
    expect(() => vi.advanceTimersByTime(100)).toThrow('once');
    expect(() => vi.advanceTimersByTime(100)).toThrow('once');
    expect(beat).toHaveBeenCalledTimes(2);
  });
});
