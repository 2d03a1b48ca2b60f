// What the list of a packager becomes in a manifest of MPEG-DASH.
import type { LowLatencyEntry, MediaPeriod, PlaylistState, WholeRenditionEntry } from '@millrace/live-store';
import { describe, expect, it } from 'vitest';
import { manifestOf, templateOf } from './manifest-of.ts';

const ZERO_MS = 1_795_000_000_000;
const TICKS = 180_000;
const FIRST: MediaPeriod = { zeroMs: ZERO_MS, start90k: 0 };

type Kind = 'video' | 'audio';
const whole = (kind: Kind, number: number, start90k: number | undefined, ticks = TICKS): WholeRenditionEntry => ({
  name: `${kind.charAt(0)}${number}.m4s`,
  ticks,
  map: { name: `map-${kind}0.mp4`, contentType: `${kind}/mp4` },
  programDateTimeMs: 0,
  parts: [],
  ...(start90k !== undefined && { start90k }),
});
const entry = (
  number: number,
  renditions: LowLatencyEntry['renditions'],
  period: MediaPeriod | undefined = FIRST,
): LowLatencyEntry => ({
  mediaSequence: number,
  durationMs: 2_000,
  discontinuity: false,
  discontinuitySequence: 0,
  independent: true,
  renditions,
  ...(period && { period }),
});
const both = (number: number, period = FIRST): LowLatencyEntry =>
  entry(
    number,
    { video: whole('video', number, number * TICKS), audio: whole('audio', number, number * TICKS + 90) },
    period,
  );
const state = (entries: readonly LowLatencyEntry[], ended = false): PlaylistState =>
  ({
    ended,
    head: { targetDurationSeconds: 2 },
    description: {
      codecs: ['avc1.64001f', 'mp4a.40.2'],
      width: 1280,
      height: 720,
      frameRate: 30,
      peakBitsPerSecond: 3_000_000,
      averageBitsPerSecond: 2_000_000,
    },
    lowLatency: {
      step: 1,
      playlists: {},
      window: { partDurationMs: 500, entries, open: { discontinuity: false, renditions: {} } },
    },
  }) as unknown as PlaylistState;

describe('a manifest', () => {
  it('names the segments of each rendition by their numbers, at their times', () => {
    const { periods, latency } = manifestOf(state([both(3), both(4)]))!;
    expect(periods).toHaveLength(1);
    const [video, audio] = periods[0]!.adaptationSets.map(({ representations: [one] }) => one!);
    expect(video).toMatchObject({ codecs: 'avc1.64001f', width: 1280, media: 'v$Number$.m4s', startNumber: 3 });
    expect(audio).toMatchObject({ codecs: 'mp4a.40.2', width: undefined, media: 'a$Number$.m4s', startNumber: 3 });
    expect(video!.timeline).toEqual([3, 4].map((number) => ({ time: number * TICKS, duration: TICKS })));
    expect(latency.targetMs).toBe(6_000);
  });

  it('has periods that begin where they began, also when their first segments are not listed any more', () => {
    const second: MediaPeriod = { zeroMs: ZERO_MS + 60_000, start90k: 900_000 };
    const entries = [both(0), both(1), both(2, second), both(3, second)];
    const periodsOf = (from: number) =>
      manifestOf(state(entries.slice(from)))!.periods.map(({ id, startMs, presentationTimeOffset }) => [
        id,
        startMs,
        presentationTimeOffset,
      ]);
    const all = periodsOf(0);
    expect(all.map(([, startMs, offset]) => [startMs, offset])).toEqual([
      [ZERO_MS, 0],
      [ZERO_MS + 70_000, 900_000],
    ]);
    expect(periodsOf(1)).toEqual(all);
    expect(periodsOf(3)).toEqual(all.slice(1));
  });

  it('has no holes of a few milliseconds between segments, and no segment that overlaps the next', () => {
    const entries = [0, TICKS + 90, 2 * TICKS - 90].map((start90k, index) =>
      entry(index, { video: whole('video', index, start90k) }),
    );
    const { timeline } = manifestOf(state(entries))!.periods[0]!.adaptationSets[0]!.representations[0]!;
    for (const [index, { time }] of timeline.entries())
      if (index > 0) expect(timeline[index - 1]!.time + timeline[index - 1]!.duration).toBe(time);
    const apart = [0, 3 * TICKS].map((start90k, index) => entry(index, { video: whole('video', index, start90k) }));
    expect(manifestOf(state(apart))!.periods[0]!.adaptationSets[0]!.representations[0]!.timeline[0]!.duration).toBe(
      TICKS,
    );
  });

  it('of an ended stream begins with what is listed, and ends with the rendition that ends first', () => {
    const { minimumUpdatePeriodMs, mediaPresentationDurationMs, periods } = manifestOf(
      state([both(1), both(2)], true),
    )!;
    expect([minimumUpdatePeriodMs, mediaPresentationDurationMs]).toEqual([undefined, ZERO_MS + 6_000]);
    expect(periods[0]).toMatchObject({ startMs: ZERO_MS + 2_000, presentationTimeOffset: TICKS });
  });

  it('lists nothing whose times are not known, as of a packager of the release before', () => {
    const old = entry(0, { video: whole('video', 0, undefined) }, undefined);
    expect(manifestOf(state([old]))).toBeUndefined();
    expect(manifestOf(state([]))).toBeUndefined();
    const { periods } = manifestOf(state([both(0), old, both(2)]))!;
    expect(periods[0]!.adaptationSets[0]!.representations[0]!.startNumber).toBe(2);
  });
});

describe('the template of a segment', () => {
  it.each([
    ['v12.m4s', 'v$Number$.m4s'],
    ['v1-12.m4s', 'v1-$Number$.m4s'],
    ['v12.3.m4s', 'v12.$Number$.m4s'],
    ['map-x.mp4', 'map-x.mp4'],
  ])('of %s is %s', (name, template) => {
    expect(templateOf(name)).toBe(template);
  });
});
