import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Beat } from './shared-beat.ts';
import { observeSharedBeats, onSharedBeat, onSharedBeatWhile } from './shared-beat.ts';

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
    let stoodStillMs = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + stoodStillMs);
    const beat = vi.fn();
    start(100, beat);
    vi.advanceTimersByTime(100);
    expect(beat).toHaveBeenCalledExactlyOnceWith(0);
    // The clock goes on, and no timer is served.
    stoodStillMs = 1_050;
    vi.advanceTimersByTime(100);
    expect(beat).toHaveBeenCalledTimes(2);
    expect(beat).toHaveBeenLastCalledWith(stoodStillMs);
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

  it('serves the others though one throws', () => {
    const others = vi.fn();
    const first = start(100, () => {
      throw new Error('once');
    });
    start(100, others);
    expect(() => vi.advanceTimersByTime(100)).toThrow('once');
    expect(others).toHaveBeenCalledOnce();
    first.stop();
  });

  it('takes one timer for all intervals', () => {
    for (const intervalMs of [100, 200, 250, 1_000]) start(intervalMs, () => undefined);
    expect(vi.getTimerCount()).toBe(1);
    for (const beat of beats) beat.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells those who observe of every wake-up, and wakes nothing for them', () => {
    const observer = vi.fn();
    const stop = observeSharedBeats(observer);
    expect(vi.getTimerCount()).toBe(0);
    start(100, () => undefined);
    start(200, () => undefined);
    vi.advanceTimersByTime(200);
    expect(observer.mock.calls).toEqual([[0], [0]]);
    stop();
    vi.advanceTimersByTime(100);
    expect(observer).toHaveBeenCalledTimes(2);
  });
});

describe('a shared beat while there is work', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    for (const beat of beats.splice(0)) beat.stop();
    vi.useRealTimers();
  });

  function startWhile(hasWork: () => boolean, beat: () => void) {
    const started = onSharedBeatWhile(100, hasWork, beat);
    beats.push(started);
    return started;
  }

  it('rests without work, and beats from when it is woken until once after the work has ended', () => {
    let work = 0;
    const beat = vi.fn();
    const working = startWhile(() => work > 0, beat);
    expect(vi.getTimerCount()).toBe(0);
    work = 1;
    working.wake();
    working.wake();
    vi.advanceTimersByTime(300);
    expect(beat).toHaveBeenCalledTimes(3);
    work = 0;
    vi.advanceTimersByTime(1_000);
    expect(beat).toHaveBeenCalledTimes(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('beats at once where there is work from the beginning', () => {
    const beat = vi.fn();
    startWhile(() => true, beat);
    vi.advanceTimersByTime(200);
    expect(beat).toHaveBeenCalledTimes(2);
  });

  it('is not woken any more once it was stopped', () => {
    const beat = vi.fn();
    const working = startWhile(() => true, beat);
    working.stop();
    working.wake();
    vi.advanceTimersByTime(300);
    expect(beat).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
