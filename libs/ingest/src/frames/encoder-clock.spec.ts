import { beforeEach, describe, expect, it } from 'vitest';
import { EncoderClock } from './encoder-clock.ts';
import { MediaTimeline } from './media-timeline.ts';

const NOON = Date.UTC(2026, 4, 1, 12);

describe('EncoderClock', () => {
  let timeline: MediaTimeline;
  let warnings: string[];
  let nowMs: number;
  let clock: EncoderClock;

  beforeEach(() => {
    nowMs = NOON;
    warnings = [];
    timeline = new MediaTimeline(() => nowMs);
    const warn = (code: string, _track: unknown, detail?: string) => warnings.push(`${code}: ${detail}`);
    clock = new EncoderClock(timeline, { warn }, () => nowMs);
  });

  /** A picture every second, the encoder's time beginning at 5 s. */
  const play = (fromS: number, toS: number, raw = (s: number): number => 5_000 + s * 1_000) => {
    for (let s = fromS; s <= toS; s++) {
      nowMs = NOON + s * 1_000;
      timeline.place('video', raw(s), 0);
    }
  };

  it('dates the stream by a reading from before its first frame', () => {
    clock.read(NOON - 4_000, 5_000);
    expect(clock.timeAt(0)).toBeUndefined();
    play(0, 0);
    expect(clock.timeAt(0)).toBe(NOON - 4_000);
    play(1, 20);
    expect(clock.timeAt(20 * 90_000)).toBe(NOON + 16_000);
  });

  it('goes on dating a timeline that begins anew', () => {
    play(0, 3);
    clock.read(NOON + 3_000, 8_000);
    expect(clock.timeAt(3 * 90_000)).toBe(NOON + 3_000);
    timeline.restart();
    clock.restart();
    expect(clock.timeAt(0)).toBeUndefined();
    play(4, 6);
    expect(clock.timeAt(timeline.now90k)).toBe(NOON + 6_000);
    clock.read(NOON + 6_000, 11_000);
    expect(warnings).toEqual([]);
  });

  it('keeps its dates while readings come a little late, and follows a clock that drifts', () => {
    play(0, 1);
    clock.read(NOON + 1_000, 6_000);
    play(2, 2);
    clock.read(NOON + 2_000 - 90, 7_000);
    expect(clock.timeAt(0)).toBe(NOON);
    play(3, 3);
    clock.read(NOON + 3_000 + 150, 8_000);
    expect(clock.timeAt(0)).toBe(NOON + 150);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['10.1 s slow', -10_100],
    ['3600.0 s fast', 3_600_000],
  ])('is ignored where it is %s, with a warning that stays', (detail, offsetMs) => {
    play(0, 1);
    clock.read(nowMs + offsetMs, 6_000);
    play(2, 2);
    clock.read(nowMs, 7_000);
    expect(clock.timeAt(0)).toBeUndefined();
    expect(warnings).toEqual([`encoder_clock: ${detail}`, `encoder_clock: ${detail}`]);
  });

  it('is ignored once it has jumped', () => {
    play(0, 1);
    clock.read(nowMs, 6_000);
    expect(clock.timeAt(0)).toBe(NOON);
    play(2, 2);
    clock.read(nowMs - 1_500, 7_000);
    expect(clock.timeAt(0)).toBeUndefined();
    expect(warnings).toEqual(['encoder_clock: it jumped by -1.5 s']);
  });

  it('goes on where the media times of the encoder jump, and its clock does not', () => {
    play(0, 3);
    clock.read(nowMs, 8_000);
    play(4, 8, (s) => 900_000 + s * 1_000);
    clock.read(nowMs, 908_000);
    expect(warnings).toEqual([]);
    expect(clock.timeAt(8 * 90_000)! - nowMs).toBeLessThan(1_000);
  });
});
