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

  it('are in step from the first packet on where the sender says what belongs to the beginning', () => {
    let nowMs = 500;
    const session = new SessionClock(() => nowMs);
    const [video, audio, odd] = [session.open(90_000), session.open(48_000), session.open(48_000)];
    video.start(90_000);
    audio.start(0xffff_ff00);
    // What some cameras say is not so.
    odd.start(1);
    expect(video.timeMs(90_900)).toBeCloseTo(510, 6);
    // Sent later than what was captured with it.
    nowMs = 700;
    expect(audio.timeMs(0x0000_00e0)).toBeCloseTo(510, 6);
    expect(odd.timeMs(48_000_000)).toBeCloseTo(700, 6);
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

  describe('tell the wall clock of the sender, and the time since the first frame that it belongs to', () => {
    const read: [number, number][] = [];
    const openSession = () => {
      read.length = 0;
      return new SessionClock(
        () => 1_000,
        (wallMs, sinceFirstMs) => read.push([wallMs, Math.round(sinceFirstMs)]),
      );
    };

    it('once the first frame has come, where the report came before it', () => {
      const session = openSession();
      const video = session.open(90_000);
      video.report(WALL_MS, 0);
      const first90k = video.timeMs(9_000) * 90;
      expect(read).toEqual([]);
      expect(session.sinceFirst(first90k)).toBe(0);
      expect(read).toEqual([[WALL_MS + 100, 0]]);
    });

    it('from the first track that has reports alone, and as it is read before the track is moved', () => {
      const session = openSession();
      const video = session.open(90_000);
      const audio = session.open(48_000);
      session.sinceFirst(video.timeMs(0) * 90);
      audio.timeMs(0);
      video.report(WALL_MS, 90_000);
      audio.report(WALL_MS + 7_000, 48_000);
      video.report(WALL_MS + 4_000, 180_000);
      expect(read).toEqual([
        [WALL_MS, 1_000],
        [WALL_MS + 4_000, 2_000],
      ]);
    });

    it('not where the sender has none', () => {
      const session = openSession();
      const video = session.open(90_000);
      session.sinceFirst(video.timeMs(0) * 90);
      video.report(-2_208_988_800_000, 0);
      expect(read).toEqual([]);
    });
  });
});
