import { beforeEach, describe, expect, it } from 'vitest';
import { TrackAlignment } from './track-alignment.ts';

const FRAME_MS = 40;

describe('TrackAlignment', () => {
  let warnings: string[];
  let alignment: TrackAlignment;
  beforeEach(() => {
    warnings = [];
    const warn = (code: string, track: string | undefined, detail?: string) =>
      warnings.push(`${code} ${track} ${detail}`);
    alignment = new TrackAlignment({ warn }, 2_000);
  });

  interface Track {
    readonly number: number;
    readonly gopMs?: number;
    readonly delayMs?: number;
    /** Sent before those of the first track at the same time. */
    readonly isEarly?: boolean;
    readonly sends?: (ms: number) => boolean;
  }
  const play = (seconds: number, firstGopMs: number, ...tracks: readonly Track[]) => {
    for (let ms = 0; ms < seconds * 1_000; ms += FRAME_MS) {
      const send = (early: boolean) => {
        for (const { number, gopMs = firstGopMs, delayMs = 0, isEarly = false, sends = () => true } of tracks)
          if (isEarly === early && sends(ms)) alignment.further(number, ms * 90, (ms - delayMs) % gopMs === 0);
      };
      send(true);
      alignment.first(ms * 90, ms % firstGopMs === 0);
      send(false);
    }
  };

  it.each<[string, number, readonly Track[]]>([
    ['all keyframes at the same times, sent in any order', 2_000, [{ number: 1 }, { number: 2, isEarly: true }]],
    [
      'keyframes one picture late or early',
      2_000,
      [
        { number: 1, delayMs: 40 },
        { number: 2, delayMs: -40 },
      ],
    ],
    ['fewer keyframes than the first track has, where segments begin', 1_000, [{ number: 1, gopMs: 2_000 }]],
    ['a track that comes late', 2_000, [{ number: 1, sends: (ms) => ms > 5_000 }]],
    ['a track that stops', 2_000, [{ number: 1, sends: (ms) => ms < 5_000 }]],
  ])('says nothing of %s', (_, gopMs, tracks) => {
    play(20, gopMs, ...tracks);
    expect(warnings).toEqual([]);
  });

  it('names tracks whose keyframes are elsewhere, again with each segment', () => {
    play(9, 2_000, { number: 1 }, { number: 2, delayMs: 120 }, { number: 5, delayMs: 1_000 });
    expect(warnings).toEqual(Array<string>(2).fill('tracks_unaligned video track 2, 5'));
  });

  it('names a track whose keyframe interval is another', () => {
    play(20, 2_000, { number: 1, gopMs: 3_000 });
    expect(new Set(warnings)).toEqual(new Set(['tracks_unaligned video track 1']));
  });

  it('says nothing of a single keyframe that is missing', () => {
    play(20, 2_000, { number: 1, sends: (ms) => ms !== 4_000 });
    expect(warnings).toEqual([]);
  });
});
