import { describe, expect, it } from 'vitest';
import { SessionClock } from './track-clock.ts';

const WALL_MS = 1_796_000_000_000;

describe('the clocks of tracks', () => {
  it('begin when their first packets come, and go on over a wrap of their timestamps', () => {
    let nowMs = 1_000;
    const session = new SessionClock(() => nowMs);
    const video = session.open(90_000);
    const audio = session.open(48_000);
    expect(video.timeMs(0xffff_ffa6)).toBeCloseTo(1_000, 6);
    nowMs = 1_040;
    expect(audio.timeMs(77)).toBeCloseTo(1_040, 6);
    nowMs = 5_000;
    expect(video.timeMs(0)).toBeCloseTo(1_001, 6);
    expect(audio.timeMs(77 + 480)).toBeCloseTo(1_050, 6);
  });

  it('are put in step by the first reports, also where these come late', () => {
    let nowMs = 0;
    const session = new SessionClock(() => nowMs);
    const video = session.open(90_000);
    const audio = session.open(48_000);
    video.timeMs(0);
    nowMs = 200;
    // Captured together with the picture, and sent later.
    expect(audio.timeMs(0)).toBeCloseTo(200, 6);
    video.report(WALL_MS, 0);
    audio.report(WALL_MS, 0);
    expect(audio.timeMs(480)).toBeCloseTo(10, 3);
    expect(video.timeMs(900)).toBeCloseTo(10, 6);
  });

  it('are not moved by reports that are a little off, and follow a clock that drifts', () => {
    const session = new SessionClock(() => 0);
    const video = session.open(90_000);
    video.timeMs(0);
    video.report(WALL_MS, 0);
    video.report(WALL_MS + 1_005, 90_000);
    expect(video.timeMs(90_000)).toBeCloseTo(1_000, 6);
    video.report(WALL_MS + 2_050, 180_000);
    expect(video.timeMs(180_000)).toBeCloseTo(2_050, 3);
  });
});
