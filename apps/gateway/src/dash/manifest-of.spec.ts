// What the list of a packager becomes in a manifest of MPEG-DASH.
import { parseRenditionName, renditionSegmentName } from '@millrace/live-store';
import type {
  LowLatencyEntry,
  MediaPeriod,
  PlaylistState,
  RenditionDescription,
  WholeRenditionEntry,
} from '@millrace/live-store';
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

  it('describes each rendition of a ladder by itself, and leaves out pictures that cannot be switched to', () => {
    const names = ['video', 'video1', 'video2', 'video3', 'audio', 'audio1'] as const;
    const described = names.map((name, index): RenditionDescription => {
      const { kind, track } = parseRenditionName(name)!;
      const bits = { peakBitsPerSecond: 1_000_000 - index + 0.5, averageBitsPerSecond: 1, state: 'listed' as const };
      const picture = { codec: 'avc1.64001f', width: 1280 >> track, height: 720 >> track, frameRate: 30 - track };
      return {
        name,
        kind,
        track,
        ...bits,
        ...(kind === 'video' ? picture : { codec: 'opus', channels: 2 + track * 4 }),
      };
    });
    const renditions = described.map((one) => {
      if (one.name === 'video1') return { ...one, codec: 'hvc1.2.4.L93.b0', videoRange: 'PQ' };
      return one.name === 'video3' ? { ...one, state: 'unaligned' as const } : one;
    });
    const whole90k = Object.fromEntries(
      names.map((name) => {
        const { kind } = parseRenditionName(name)!;
        return [name, { ...whole(kind, 3, 3 * TICKS), name: renditionSegmentName(name, 3) }];
      }),
    );
    const ladder = state([entry(3, whole90k)]);
    const captions = ['cea608', 'cea708'] as const;
    const description = { ...ladder.description, renditions, captions };
    const sets = manifestOf({ ...ladder, description })!.periods[0]!.adaptationSets;
    expect(
      sets.map(({ id, contentType, role, label, supplemental, events, accessibility, representations }) => ({
        id,
        contentType,
        role,
        label,
        values: [supplemental, events, accessibility].map((list) => list.map(({ value }) => value)),
        ids: representations.map((one) => one.id),
      })),
    ).toEqual([
      {
        id: 0,
        contentType: 'video',
        role: 'main',
        label: undefined,
        values: [[], [''], ['CC1', '1']],
        ids: ['video', 'video2'],
      },
      {
        id: 2,
        contentType: 'video',
        role: 'alternate',
        label: undefined,
        values: [['16'], [''], ['CC1', '1']],
        ids: ['video1'],
      },
      { id: 1, contentType: 'audio', role: 'main', label: undefined, values: [[], [], []], ids: ['audio'] },
      {
        id: 3,
        contentType: 'audio',
        role: 'alternate',
        label: 'track 1',
        values: [[], [], []],
        ids: ['audio1'],
      },
    ]);
    const all = sets.flatMap(({ representations }) => representations);
    expect(
      all.map(({ codecs, bandwidth, width, height, frameRate, channels, media }) => [
        [codecs, bandwidth, media],
        [width, height, frameRate, channels],
      ]),
    ).toEqual([
      [
        ['avc1.64001f', 1_000_001, 'v$Number$.m4s'],
        [1280, 720, 30, undefined],
      ],
      [
        ['avc1.64001f', 999_999, 'v2-$Number$.m4s'],
        [320, 180, 28, undefined],
      ],
      [
        ['hvc1.2.4.L93.b0', 1_000_000, 'v1-$Number$.m4s'],
        [640, 360, 29, undefined],
      ],
      [
        ['opus', 999_997, 'a$Number$.m4s'],
        [undefined, undefined, undefined, 2],
      ],
      [
        ['opus', 999_996, 'a1-$Number$.m4s'],
        [undefined, undefined, undefined, 6],
      ],
    ]);
  });

  it('has the name and the language of a sound where its tenant gave it', () => {
    const bits = { peakBitsPerSecond: 1, averageBitsPerSecond: 1, state: 'listed' as const };
    const sound = { name: 'audio', kind: 'audio', track: 0, codec: 'mp4a.40.2', ...bits } as const;
    const one = state([entry(0, { audio: whole('audio', 0, 0) })]);
    const description = { ...one.description, renditions: [{ ...sound, label: 'Deutsch', language: 'de' }] };
    const [set] = manifestOf({ ...one, description })!.periods[0]!.adaptationSets;
    expect([set!.label, set!.language]).toEqual(['Deutsch', 'de']);
  });

  it('says of sound alone that events come with it', () => {
    const { periods } = manifestOf(state([entry(0, { audio: whole('audio', 0, 0) })]))!;
    expect(periods[0]!.adaptationSets.map(({ events }) => events)).toEqual([
      [{ schemeIdUri: 'https://aomedia.org/emsg/ID3', value: '' }],
    ]);
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

  it('of a stream that ends just now has its duration, and begins where it began', () => {
    const closing = manifestOf(state([both(1), both(2)], true), true)!;
    expect(closing).toMatchObject({ isStatic: false, minimumUpdatePeriodMs: 1_000 });
    expect(closing.mediaPresentationDurationMs).toBe(ZERO_MS + 6_000);
    expect(closing.periods[0]).toMatchObject({ startMs: ZERO_MS, presentationTimeOffset: 0 });
  });

  it('has no segment that overlaps the next, however far a track ran, or went back', () => {
    const starts = [0, TICKS / 2, TICKS / 4, 3 * TICKS];
    const entries = starts.map((start90k, index) => entry(index, { video: whole('video', index, start90k) }));
    const { timeline } = manifestOf(state(entries))!.periods[0]!.adaptationSets[0]!.representations[0]!;
    expect(timeline.map(({ time }) => time)).toEqual([0, TICKS / 2, TICKS / 2 + 1, 3 * TICKS]);
    for (const [index, { time, duration }] of timeline.entries()) {
      expect(duration).toBeGreaterThan(0);
      if (index > 0) expect(timeline[index - 1]!.time + timeline[index - 1]!.duration).toBeLessThanOrEqual(time);
    }
  });

  it('promises a place to start in each segment of a representation only where there is one', () => {
    const promised = (entries: readonly LowLatencyEntry[]) =>
      manifestOf(state(entries))!.periods[0]!.adaptationSets.flatMap(({ representations }) =>
        representations.map(({ id, startsWithSap }) => [id, startsWithSap]),
      );
    expect(promised([both(0), both(1)])).toEqual([
      ['video', true],
      ['audio', true],
    ]);
    // Of the stream: at a recovery point. Of the rendition: in the middle of a group of pictures.
    const recovery = { ...both(1), independent: false };
    const middle = both(1);
    const inMiddle = {
      ...middle,
      renditions: { ...middle.renditions, video: { ...middle.renditions.video!, independent: false } },
    };
    for (const second of [recovery, inMiddle])
      expect(promised([both(0), second])).toEqual([
        ['video', false],
        ['audio', true],
      ]);
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
