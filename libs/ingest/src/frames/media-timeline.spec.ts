import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_BACKWARD_JITTER_MS, MAX_FORWARD_GAP_MS, MediaTimeline } from './media-timeline.ts';
import type { TrackName } from '../publish/media-observer.ts';

const TICKS = 90;

describe('MediaTimeline', () => {
  let nowMs: number;
  let timeline: MediaTimeline;
  const place = (track: TrackName, ms: number, nano = 0) => timeline.place(track, ms, nano) / TICKS;

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

  it('begins anew where the time since then is, and goes on counting jumps', () => {
    place('video', 500);
    place('audio', 500);
    place('video', 60_000_000);
    const { jumps } = timeline;
    expect(jumps).toBe(1);
    nowMs += 5_000;
    timeline.restart();
    expect([timeline.hasBegun, timeline.now90k]).toEqual([false, 0]);
    nowMs += 1_500;
    expect(place('video', 60_005_000)).toBe(1_500);
    expect(place('audio', 60_004_980)).toBe(1_480);
    expect(place('video', 60_005_040)).toBe(1_540);
    expect([timeline.jumps, timeline.skewMs]).toEqual([jumps, 60]);
  });

  it('puts data beside the media of its time, and lets it move nothing', () => {
    const beside = (ms: number) => timeline.beside(ms) / TICKS;
    expect(beside(5)).toBe(0);
    place('video', 1_000);
    place('video', 1_040);
    expect([1_000, 1_020, 1_040, 1_100, 1_140, 10_100].map(beside)).toEqual([0, 20, 40, 100, 140, 9_100]);
    // Too far away to be of the same clock: now.
    expect([20_000, -60_000, 2 ** 31].map(beside)).toEqual([40, 40, 40]);
    expect(place('video', 1_080)).toBe(80);
    expect(timeline.jumps).toBe(0);
  });

  it.each([
    ['24 bits, as some cameras count', 24],
    ['31 bits, as a signed clock does', 31],
  ])('goes on over the wrap of %s, on both tracks', (_, bits) => {
    const wrapped = (ms: number) => (2 ** bits - 60 + ms) % 2 ** bits;
    const placed = [0, 40, 80, 120].map((ms) => [place('video', wrapped(ms)), place('audio', wrapped(ms + 7))]);
    expect(placed).toEqual([0, 40, 80, 120].map((ms) => [ms, ms + 7]));
    expect(timeline.jumps).toBe(0);
  });

  it('adds nanoseconds', () => {
    place('video', 0);
    expect(timeline.place('video', 40, 500_000)).toBe(40 * TICKS + 45);
  });

  it('never goes back within a millisecond either', () => {
    const placed = [900_000, 100_000, 999_999].map((nano) => timeline.place('audio', 40, nano));
    expect(placed).toEqual([81, 81, 89]);
    expect(timeline.place('audio', 41, 0)).toBe(TICKS);
    expect(timeline.place('video', 40, 100_000)).toBe(9);
  });

  it('spreads a track that steps back a little, until it has caught up', () => {
    place('video', 1_000);
    place('video', 1_040);
    expect([place('video', 1_020), timeline.delayed90k]).toEqual([60, 40 * TICKS]);
    expect([place('video', 1_059), timeline.delayed90k]).toEqual([69.5, 10.5 * TICKS]);
    expect([place('video', 1_100), timeline.delayed90k]).toEqual([100, 0]);
    expect(timeline.jumps).toBe(0);
  });

  it('takes a step back of half a second for jitter', () => {
    place('audio', 1_000);
    expect(place('audio', 1_000 - MAX_BACKWARD_JITTER_MS)).toBe(0);
    expect(place('audio', 1_001)).toBe(1);
    expect(timeline.jumps).toBe(0);
  });

  it('spreads pictures of one time, and takes sound of one time as it is', () => {
    expect([0, 0, 80, 80, 160, 160].map((ms) => place('video', ms))).toEqual([0, 10, 80, 100, 160, 180]);
    expect([7, 7, 7].map((ms) => place('audio', ms))).toEqual([7, 7, 7]);
  });

  it('keeps a gap as a gap', () => {
    place('video', 0);
    expect(place('video', MAX_FORWARD_GAP_MS)).toBe(MAX_FORWARD_GAP_MS);
    expect(timeline.jumps).toBe(0);
  });

  it.each([
    ['ahead by an hour', 3_600_000],
    ['just over the largest gap', MAX_FORWARD_GAP_MS + 1],
    ['back to zero', -100_000],
    ['back by more than jitter', -MAX_BACKWARD_JITTER_MS - 1],
    ['back by half the range', -(2 ** 31) + 60_000],
  ])('absorbs a jump %s, and goes on where the track was', (_, jumpMs) => {
    for (let ms = 100_000; ms <= 100_120; ms += 40) place('video', ms);
    nowMs += 33;
    expect(place('video', 100_120 + jumpMs)).toBe(160);
    expect(place('video', 100_160 + jumpMs)).toBe(200);
    expect(timeline.jumps).toBe(1);
  });

  it('follows with the second track when both jump, and counts it once', () => {
    place('video', 0);
    place('audio', 0);
    place('video', 40);
    place('audio', 23);
    nowMs += 40;
    expect(place('video', 3_600_080)).toBe(80);
    expect(place('audio', 46)).toBe(46);
    expect(place('audio', 3_600_069)).toBe(69);
    expect(timeline.jumps).toBe(1);
    expect(place('video', 3_600_120)).toBe(120);
  });

  it.each<TrackName>(['video', 'audio'])('is back where it was after a single stray frame of %s', (track) => {
    for (let ms = 0; ms <= 1_000; ms += 40) {
      place('video', ms);
      place('audio', ms + 7);
    }
    const behindMs = track === 'video' ? 0 : 7;
    const strayed = [1_040, 9_801_520, 1_120].map((ms) => place(track, ms + behindMs) - behindMs);
    expect(strayed).toEqual([1_040, 1_080, 1_120]);
    expect(place(track === 'video' ? 'audio' : 'video', 1_125)).toBe(1_125);
  });

  it('keeps a track back that its encoder put back by a little more than jitter', () => {
    for (let ms = 0; ms <= 1_000; ms += 40) place('video', ms);
    const backMs = MAX_BACKWARD_JITTER_MS + 41;
    expect([1_040, 1_110, 1_150].map((ms) => place('video', ms - backMs))).toEqual([1_040, 1_110, 1_150]);
    expect(timeline.jumps).toBe(1);
  });

  describe.each([-30_000, -6_000, -1_000, 1_000, 6_000])('with a stray frame %i ms away', (strayMs) => {
    it.each<TrackName>(['video', 'audio'])('keeps the tracks together when it is of %s', (track) => {
      const other = track === 'video' ? 'audio' : 'video';
      for (let ms = 60_000; ms <= 61_000; ms += 40) {
        place('video', ms);
        place('audio', ms);
      }
      place(track, 61_040 + strayMs);
      place(other, 61_040);
      for (let ms = 61_080; ms <= 69_000; ms += 40) {
        place(track, ms);
        place(other, ms);
      }
      expect(timeline.skewMs).toBe(0);
      expect(timeline.nowMs).toBe(9_000 + Math.max(0, strayMs));
    });

    it('keeps a track alone where it was, or where the stray frame led', () => {
      for (let ms = 60_000; ms <= 61_000; ms += 40) place('video', ms);
      place('video', 61_040 + strayMs);
      expect(place('video', 61_080)).toBe(1_080 + Math.max(0, strayMs));
    });
  });

  it('lets time pass that really passed', () => {
    place('video', 0);
    nowMs += 30_000;
    expect(place('video', 100_000)).toBe(30_000);
  });

  it('brings a second track near that begins far away', () => {
    place('video', 5_000);
    place('video', 5_040);
    expect(place('audio', 65_040)).toBe(40);
    expect(timeline.jumps).toBe(1);
    expect(place('audio', 65_063)).toBe(63);
    expect(place('video', 5_080)).toBe(80);
  });

  it('grows on video, never goes back on audio and never runs far from the clock, whatever comes', () => {
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
          expect(track === 'audio' || placed > last.video).toBe(true);
          // Pictures that step back are spread, each by half a step at most.
          expect(placed).toBeLessThanOrEqual(before + MAX_FORWARD_GAP_MS + 20 * steps.length);
          expect(Number.isSafeInteger(placed * TICKS)).toBe(true);
          last[track] = placed;
        }
      }),
    );
  });
});
