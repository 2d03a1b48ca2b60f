import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_BACKWARD_JITTER_MS, MAX_FORWARD_GAP_MS, MediaTimeline } from './media-timeline.ts';
import type { TrackName } from './media-timeline.ts';

const TICKS = 90;
const u32 = (ms: number) => ms >>> 0;

describe('MediaTimeline', () => {
  let nowMs: number;
  let timeline: MediaTimeline;
  const place = (track: TrackName, ms: number, nano = 0) => timeline.place(track, u32(ms), nano) / TICKS;

  beforeEach(() => {
    nowMs = 1_000;
    timeline = new MediaTimeline(() => nowMs);
  });

  it('begins at 0, wherever the encoder’s clock is', () => {
    expect([3_600_000, 3_600_040, 3_600_080].map((ms) => place('video', ms))).toEqual([0, 40, 80]);
  });

  it('keeps audio and video on one timeline', () => {
    expect(place('video', 500)).toBe(0);
    expect(place('audio', 480)).toBe(-20);
    expect(place('audio', 503)).toBe(3);
    expect(place('video', 540)).toBe(40);
    expect(timeline.skewMs).toBe(37);
    expect(timeline.jumps).toBe(0);
  });

  it('goes on over the wrap of 32 bits, and beyond 2^31', () => {
    const times = [2 ** 32 - 40, 2 ** 32 - 20, 0, 20].map((ms) => place('video', ms));
    expect(times).toEqual([0, 20, 40, 60]);
    const far = new MediaTimeline(() => 0);
    for (let ms = 2 ** 31 - 60; ms <= 2 ** 31 + 60; ms += 20) far.place('video', u32(ms), 0);
    expect([far.nowMs, far.jumps]).toEqual([120, 0]);
  });

  it('adds nanoseconds', () => {
    place('video', 0);
    expect(timeline.place('video', 40, 500_000)).toBe(40 * TICKS + 45);
  });

  it('never goes back within a millisecond either', () => {
    const placed = [900_000, 100_000, 999_999].map((nano) => timeline.place('video', 40, nano));
    expect(placed).toEqual([81, 81, 89]);
    expect(timeline.place('video', 41, 0)).toBe(TICKS);
    expect(timeline.place('audio', 40, 100_000)).toBe(9);
  });

  it('holds a track that steps back a little, until it has caught up', () => {
    place('video', 1_000);
    place('video', 1_100);
    expect(place('video', 1_100 - MAX_BACKWARD_JITTER_MS + 400)).toBe(100);
    expect(place('video', 1_101)).toBe(101);
    expect(timeline.jumps).toBe(0);
  });

  it('takes equal times as they are', () => {
    expect([7, 7, 7].map((ms) => place('audio', ms))).toEqual([0, 0, 0]);
  });

  it('keeps a gap as a gap', () => {
    place('video', 0);
    expect(place('video', MAX_FORWARD_GAP_MS)).toBe(MAX_FORWARD_GAP_MS);
    expect(timeline.jumped).toBe(false);
  });

  it.each([
    ['ahead by an hour', 3_600_000],
    ['just over the largest gap', MAX_FORWARD_GAP_MS + 1],
    ['back to zero', -100_000],
    ['back by more than jitter', -MAX_BACKWARD_JITTER_MS - 1],
    ['back by half the range', -(2 ** 31) + 1_000],
  ])('reports a jump %s, and goes on after the time that passed', (_, jumpMs) => {
    for (let ms = 100_000; ms <= 100_120; ms += 40) place('video', ms);
    nowMs += 33;
    expect(place('video', 100_120 + jumpMs)).toBe(120 + 33);
    expect([timeline.jumped, timeline.jumps]).toEqual([true, 1]);
    expect(place('video', 100_160 + jumpMs)).toBe(120 + 33 + 40);
    expect(timeline.jumped).toBe(false);
  });

  it('follows with the second track when both jump, and reports it once', () => {
    place('video', 0);
    place('audio', 0);
    place('video', 40);
    place('audio', 23);
    nowMs += 40;
    expect(place('video', 3_600_080)).toBe(80);
    expect(timeline.jumped).toBe(true);
    expect(place('audio', 46)).toBe(46);
    expect(place('audio', 3_600_069)).toBe(69);
    expect([timeline.jumped, timeline.jumps]).toEqual([false, 1]);
    expect(place('video', 3_600_120)).toBe(120);
  });

  it('lets time pass that really passed', () => {
    place('video', 0);
    nowMs += 30_000;
    expect(place('video', 30_000)).toBe(30_000);
    expect(timeline.jumped).toBe(true);
  });

  it('brings a second track near that begins far away', () => {
    place('video', 5_000);
    place('video', 5_040);
    expect(place('audio', 65_040)).toBe(40);
    expect([timeline.jumped, timeline.jumps]).toEqual([false, 1]);
    expect(place('audio', 65_063)).toBe(63);
    expect(place('video', 5_080)).toBe(80);
  });

  it('never goes back on a track and never runs far from the clock, whatever comes', () => {
    const step = fc.record({
      track: fc.constantFrom<TrackName>('video', 'audio'),
      timestamp: fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 20_000 })),
      passedMs: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        nowMs = 0;
        timeline = new MediaTimeline(() => nowMs);
        const last = { video: -Infinity, audio: -Infinity };
        for (const { track, timestamp, passedMs } of steps) {
          nowMs += passedMs;
          const before = timeline.nowMs;
          const placed = place(track, timestamp);
          expect(placed).toBeGreaterThanOrEqual(last[track]);
          expect(placed).toBeLessThanOrEqual(before + MAX_FORWARD_GAP_MS);
          expect(Number.isSafeInteger(placed)).toBe(true);
          last[track] = placed;
        }
      }),
    );
  });
});
