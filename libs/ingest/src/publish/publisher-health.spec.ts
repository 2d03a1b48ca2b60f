import { describe, expect, it } from 'vitest';
import { INGEST_LIMITS } from './ingest-limits.ts';
import { PublisherHealth } from './publisher-health.ts';
import type { HealthWindow } from './publisher-health.ts';

/** Five seconds of an encoder that is in order. */
const GOOD: HealthWindow = {
  wallMs: 5_000,
  mediaMs: 5_000,
  videoFrames: 150,
  audioFrames: 215,
  hadVideo: true,
  hadAudio: true,
  shortestKeyframeMs: 2_000,
  longestKeyframeMs: 2_000,
  openGroupMs: 1_000,
  driftMs: 20,
  jumps: 0,
};

/** Every change, as `+code` and `-code`. */
function watch(windows: readonly Partial<HealthWindow>[], health = new PublisherHealth()): string[] {
  return windows.map((window) =>
    health
      .observe({ ...GOOD, ...window })
      .map(({ code, state }) => `${state === 'degraded' ? '+' : '-'}${code}`)
      .join(' '),
  );
}

const times = <T>(count: number, window: T): T[] => Array<T>(count).fill(window);
const LONG = { shortestKeyframeMs: 8_300, longestKeyframeMs: 8_300 };
const OPEN = { shortestKeyframeMs: undefined, longestKeyframeMs: undefined, openGroupMs: 6_000 };
const IRREGULAR = { shortestKeyframeMs: 1_000, longestKeyframeMs: 3_000 };
const SLOW = { mediaMs: 3_000 };
const NOTHING = { videoFrames: 0, audioFrames: 0, mediaMs: 0 };
const APART = { driftMs: 1_400 };

describe('the health of a publisher', () => {
  it('is good while the encoder is in order', () => {
    expect(watch(times(20, {})).join('')).toBe('');
  });

  it.each<[string, Partial<HealthWindow>[], string[]]>([
    ['keyframes that are far apart', [LONG, {}, {}, {}], ['+gop_too_long', '', '', '-gop_too_long']],
    ['a group that does not end', [OPEN, OPEN, {}, {}], ['+gop_too_long', '', '', '-gop_too_long']],
    ['one odd keyframe', [IRREGULAR, {}, {}, {}, {}], times(5, '')],
    ['no video', [{ videoFrames: 0 }, { videoFrames: 0 }, {}], ['+video_starved', '', '-video_starved']],
    ['no audio', [{ audioFrames: 0 }, {}], ['+audio_starved', '-audio_starved']],
    ['no video that never was', [{ videoFrames: 0, hadVideo: false }], ['']],
    ['a clock that jumps', [{ jumps: 1 }, ...times(6, {})], ['+timestamp_jump', ...times(5, ''), '-timestamp_jump']],
    ['tracks that are apart', [APART, APART, { driftMs: 800 }, {}, {}], ['', '+av_desync', '', '', '-av_desync']],
    ['tracks that are apart once', [APART, {}, APART], ['', '', '']],
    [
      'tracks that are apart because one is missing',
      times(3, { ...APART, audioFrames: 0 }),
      ['+audio_starved', '', ''],
    ],
    [
      'less than real time',
      [SLOW, SLOW, SLOW, ...times(6, {})],
      ['', '', '+bitrate_unstable', ...times(5, ''), '-bitrate_unstable'],
    ],
    ['less than real time, once', [SLOW, {}, {}, SLOW, {}], times(5, '')],
    ['less than real time, in a short window', times(5, { ...SLOW, wallMs: 1_000, mediaMs: 0 }), times(5, '')],
  ])('tells of %s, once', (_, windows, changes) => {
    expect(watch(windows)).toEqual(changes);
  });

  it('compares keyframes over several windows, and says what it has measured', () => {
    const health = new PublisherHealth();
    for (let i = 0; i < 3; i++) expect(health.observe({ ...GOOD, ...IRREGULAR })).toEqual([]);
    expect(health.observe({ ...GOOD, ...IRREGULAR })).toEqual([
      { code: 'gop_irregular', track: 'video', state: 'degraded', detail: 'from 1.0 s to 3.0 s between keyframes' },
    ]);
    expect(new PublisherHealth().observe({ ...GOOD, ...LONG })[0]?.detail).toBe('8.3 s between keyframes');
    expect(new PublisherHealth().observe({ ...GOOD, ...OPEN })[0]?.detail).toBe('none for 6.0 s');
    expect(health.observe({ ...GOOD, ...APART })).toEqual([]);
    expect(health.observe({ ...GOOD, ...APART })[0]?.detail).toBe('the video is 1.4 s ahead');
  });

  it('that gets neither better nor worse stays as it is', () => {
    // Between the two thresholds of long groups.
    expect(watch([{ openGroupMs: 4_800 }, OPEN, ...times(5, { openGroupMs: 4_800 })])).toEqual([
      '',
      '+gop_too_long',
      ...times(5, ''),
    ]);
  });

  it('that keeps going up and down is told of less and less often', () => {
    const health = new PublisherHealth();
    const gaps: number[] = [];
    for (let episode = 0; episode < 12; episode++) {
      expect(watch([{ videoFrames: 0 }], health)).toEqual(['+video_starved']);
      let good = 1;
      while (watch([{}], health)[0] === '') good++;
      gaps.push(good);
    }
    expect(gaps.slice(0, 4)).toEqual([1, 2, 4, 8]);
    expect(gaps.at(-1)).toBe(INGEST_LIMITS.recoveryWindows);
  });

  it('knows what was found in messages until it has not been found for a while', () => {
    const health = new PublisherHealth();
    const found = () => health.found('unsupported_audio', 'audio', 'g711-mu');
    expect(found()).toEqual({ code: 'unsupported_audio', track: 'audio', state: 'degraded', detail: 'g711-mu' });
    expect(found()).toBeUndefined();
    expect(health.found('unsupported_video', 'video', undefined)).toMatchObject({ state: 'degraded' });
    expect(watch([{}], health)).toEqual(['']);
    found();
    expect(watch(times(7, {}), health).slice(0, 6)).toEqual([...times(5, ''), '-unsupported_video']);
    // A track that has paused is not in order.
    found();
    expect(watch(times(20, { audioFrames: 0, hadAudio: false }), health).join('')).toBe('');
  });

  it('says nothing of the bitrate while nothing comes at all', () => {
    expect(watch(times(6, NOTHING))).toEqual(['+video_starved +audio_starved', ...times(5, '')]);
  });
});
