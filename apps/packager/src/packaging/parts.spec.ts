// Parts and renditions of a session with low latency: what they hold, where they end, and what players see of them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ResumePoint } from '@millrace/domain';
import type { LowLatencyState, RenditionName } from '@millrace/live-store';
import { RENDITIONS, renditionValues, renditionNames } from '@millrace/live-store';
import type { MediaPlaylist } from '@millrace/protocol/hls';
import {
  checkLowLatency,
  checkMediaPlaylist,
  checkRenditionReports,
  parseMediaPlaylist,
} from '@millrace/protocol/hls/testing';
import { cutLog, firstPoint, SETTINGS } from '../testing/cut-log.ts';
import { BBB_FLV, flvLog } from '../testing/flv-log.ts';
import { AAC_CONFIG, H264_CONFIG, LogBuilder } from '../testing/log-builder.ts';
import { randomLog } from '../testing/random-log.ts';
import { CONTAINERS } from '../containers/containers.ts';
import type { FinishedSegment } from './finished-segment.ts';
import { Segmenter } from './segmenter.ts';
import { appendPart, lowLatencyState } from './low-latency-window.ts';
import { partTargetOf } from './part-cutter.ts';
import type { FinishedPart } from './part-cutter.ts';
import { appendSegment, emptyWindow } from './playlist-window.ts';

const DURATION_MS = 500;
const TICKS = 90_000;
const WINDOW_MS = 12_000;

const lowLatencyPoint = (epoch?: number, partDurationMs = DURATION_MS): ResumePoint => ({
  ...firstPoint(epoch),
  partDurationMs,
});
const hash = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('base64');
const fact = ({ name, bytes, ticks, independent, map, programDateTimeMs }: FinishedPart): unknown => [
  name,
  hash(bytes),
  ticks,
  independent,
  map.name,
  programDateTimeMs,
];
const partsOf = (segment: FinishedSegment): FinishedPart[] =>
  RENDITIONS.flatMap((name) => segment.renditions?.[name]?.parts ?? []);

/** What players see after each commit, with parts committed as they are finished. */
function statesOf(segments: readonly FinishedSegment[], windowMs = WINDOW_MS): LowLatencyState[] {
  let window = emptyWindow(segments[0]!.before.sessionId);
  const states: LowLatencyState[] = [];
  for (const segment of segments) {
    for (const part of partsOf(segment)) {
      // The last ones come with their segment.
      if (window.lowLatency === undefined || part === segment.renditions?.[part.rendition]?.parts.at(-1)) continue;
      window = { ...window, lowLatency: appendPart(window.lowLatency, part) };
      states.push(lowLatencyState(window.lowLatency!, segment.before, false, states.length + 1));
    }
    window = appendSegment(window, segment, windowMs);
    states.push(lowLatencyState(window.lowLatency!, segment.after, false, states.length + 1));
  }
  return states;
}

/** What broke a rule, from load to load. */
function faultsOf(
  states: readonly LowLatencyState[],
  rendition: RenditionName,
  allowed: readonly string[] = [],
): string[] {
  const faults: string[] = [];
  let last: MediaPlaylist | undefined;
  for (const { playlists } of states) {
    const playlist = playlists[rendition];
    if (playlist === undefined) continue;
    const next = parseMediaPlaylist(playlist.text);
    const all = renditionNames(playlists).map(
      (name) => [`${name}.m3u8`, parseMediaPlaylist(playlists[name]!.text)] as const,
    );
    const found = [
      ...checkLowLatency(last, next),
      ...checkMediaPlaylist(last, next),
      ...checkRenditionReports(new Map(all)),
    ];
    for (const { rule, detail } of found) if (!allowed.includes(rule)) faults.push(`${rule}: ${detail}`);
    expect(playlist.nextMediaSequence).toBe(next.mediaSequence + next.segments.length);
    expect(playlist.parts).toBe(next.open?.parts.length ?? 0);
    last = next;
  }
  return faults;
}

interface ProbedPacket {
  readonly dts: number;
  readonly pts: number;
  readonly size: string;
}

function probe(segments: readonly FinishedSegment[], rendition: RenditionName): readonly ProbedPacket[] {
  const list = segments.flatMap(({ renditions }) => renditions?.[rendition] ?? []);
  const input = Buffer.concat([list[0]!.map.bytes, ...list.map(({ bytes }) => bytes)]);
  const args = ['-v', 'error', '-show_packets', '-of', 'json', 'pipe:0'];
  const text = execFileSync('ffprobe', args, { input, maxBuffer: 2 ** 26 }).toString();
  return (JSON.parse(text) as { packets: ProbedPacket[] }).packets;
}

describe('real footage with low latency', () => {
  const frames = flvLog(BBB_FLV, 1_000);
  const { segments, parts, dropped } = cutLog(frames, { point: lowLatencyPoint(1_000) });

  it('has every frame in its rendition once, in order and at its time, as ffprobe reads it', () => {
    expect(dropped).toBe(0);
    for (const [rendition, kind] of [
      ['video', 1],
      ['audio', 2],
    ] as const) {
      const media = frames.filter((frame) => frame.kind === kind && (frame.flags & 2) === 0);
      expect(probe(segments, rendition).map(({ dts, pts, size }) => [dts, pts, Number(size)])).toEqual(
        media.map(({ dts90k, compositionOffset90k, payload }) => [
          dts90k + 10 * TICKS,
          dts90k + compositionOffset90k + 10 * TICKS,
          payload.length,
        ]),
      );
    }
  });

  it('says of each segment when its first picture or sound is presented', () => {
    for (const rendition of RENDITIONS)
      for (const { name, start90k } of statesOf(segments)
        .at(-1)!
        .window.entries.slice(-1)
        .flatMap(({ renditions }) => renditions[rendition] ?? [])) {
        const segment = segments.find(({ renditions }) => renditions?.[rendition]?.name === name)!;
        expect(start90k).toBe(Math.min(...probe([segment], rendition).map(({ pts }) => pts)));
      }
  });

  it('is cut into the same MPEG-TS segments as without, at the same places as its renditions', () => {
    const standard = cutLog(frames, { point: firstPoint(1_000) }).segments;
    expect(segments.map(({ bytes }) => hash(bytes))).toEqual(standard.map(({ bytes }) => hash(bytes)));
    for (const { renditions, before } of segments) {
      expect(renditions?.video?.name).toBe(`v${before.mediaSequence}.m4s`);
      expect(renditions?.audio?.name).toBe(`a${before.mediaSequence}.m4s`);
    }
  });

  it('has parts no longer than the target that together are their segment', () => {
    for (const { renditions } of segments) {
      for (const name of RENDITIONS) {
        const rendition = renditions?.[name];
        expect(Buffer.concat(rendition!.parts.map(({ bytes }) => bytes)).equals(rendition!.bytes)).toBe(true);
        expect(rendition!.parts.map(({ index }) => index)).toEqual(rendition!.parts.map((_, index) => index));
      }
    }
    expect(Math.max(...parts.map(({ ticks }) => ticks))).toBeLessThanOrEqual(partTargetOf(DURATION_MS) * 90);
    expect(
      parts.filter(({ rendition, index, independent }) => rendition === 'video' && index === 0 && !independent),
    ).toEqual([]);
  });

  it('gives the same parts, byte for byte, to a packager that begins at any segment', () => {
    for (const index of [1, 7, 13]) {
      const again = cutLog(frames, { point: segments[index]!.before });
      expect(again.parts.map(fact)).toEqual(segments.slice(index).flatMap(partsInOrder(parts)).map(fact));
    }
  });

  it('has playlists that break no rule, from load to load', () => {
    const states = statesOf(segments);
    expect(states.length).toBeGreaterThan(90);
    for (const rendition of RENDITIONS) expect(faultsOf(states, rendition)).toEqual([]);
    const { video, audio } = states.at(-1)!.playlists;
    expect(video?.text).toContain(
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.62',
    );
    expect(video?.text).toContain('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="v15.0.m4s"');
    expect(video?.text).toMatch(/#EXT-X-RENDITION-REPORT:URI="audio\.m3u8",LAST-MSN=14,LAST-PART=\d/);
    expect(audio?.text).toMatch(/#EXT-X-RENDITION-REPORT:URI="video\.m3u8",LAST-MSN=14,LAST-PART=\d/);
  });
});

/** Those of one segment, in the order in which they were finished. */
const partsInOrder =
  (parts: readonly FinishedPart[]) =>
  ({ before }: FinishedSegment): FinishedPart[] =>
    parts.filter((part) => part.before.mediaSequence === before.mediaSequence);

describe('parts of any log', () => {
  const anySettings = fc
    .constantFrom(SETTINGS.maxSegmentBytes, 12_000)
    .map((maxSegmentBytes) => ({ ...SETTINGS, maxSegmentMs: 6_000, maxSegmentBytes }));

  it('are the same, byte for byte, from every resume point, and together are their segment', () => {
    fc.assert(
      fc.property(randomLog, anySettings, fc.constantFrom(200, 500, 1_000), ({ frames }, settings, target) => {
        const { segments, parts } = cutLog(frames, { settings, point: lowLatencyPoint(frames[0]?.epoch, target) });
        for (const [index, segment] of segments.entries()) {
          const again = cutLog(frames, { settings, point: segment.before });
          expect(again.parts.map(fact)).toEqual(segments.slice(index).flatMap(partsInOrder(parts)).map(fact));
          for (const rendition of renditionValues(segment.renditions ?? {}))
            expect(Buffer.concat(rendition.parts.map(({ bytes }) => bytes)).equals(rendition.bytes)).toBe(true);
        }
        expect(parts).toHaveLength(segments.flatMap(partsOf).length);
        expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length);
      }),
      { numRuns: 20 },
    );
  });

  it('are listed so that no rule is broken but those that a pause of the encoder breaks', () => {
    // A frame that lasts longer than the target is a part as long, and a track that starts late or pauses is out of step with EXTINF.
    const pauses = [
      'part-above-target',
      'part-below-target',
      'date-time-off',
      'parts-missing',
      'parts-too-old',
      'open-date-off',
      'hint-not-kept',
      'window-too-short',
    ];
    fc.assert(
      fc.property(randomLog, anySettings, ({ frames }, settings) => {
        const { segments } = cutLog(frames, { settings, point: lowLatencyPoint(frames[0]?.epoch) });
        if (segments.length === 0) return;
        const states = statesOf(segments, 60_000);
        for (const rendition of RENDITIONS) expect(faultsOf(states, rendition, pauses)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('where parts end', () => {
  const log = (): LogBuilder => {
    const builder = new LogBuilder(1_000);
    builder.videoConfiguration = H264_CONFIG;
    builder.audioConfiguration = AAC_CONFIG;
    return builder;
  };
  const ticksOf = (frames: LogBuilder, rendition: RenditionName, partDurationMs = DURATION_MS): number[] =>
    cutLog(frames.frames, { point: lowLatencyPoint(1_000, partDurationMs) })
      .parts.filter((part) => part.rendition === rendition)
      .map(({ ticks }) => ticks / 90);

  it.each([
    [25, 500, [520, 480, 520, 480]],
    [15, 500, [533, 467, 533, 467]],
    [50, 500, [500, 500, 500, 500]],
    [12.5, 500, [480, 480, 480, 480, 80]],
    [10, 500, [500, 500, 500, 500]],
    [24, 200, [208, 209, 208, 208, 209, 208, 208, 209, 208, 125]],
    [10, 200, [200, 200, 200, 200, 200, 200, 200, 200, 200, 200]],
    [4, 1_000, [1_000, 1_000]],
  ])('at %i frames a second and %i ms', (fps, target, expected) => {
    const builder = log();
    const step = 1_000 / fps;
    for (let index = 0; index <= 2 * fps; index++)
      builder.picture(Math.round(index * step), index === 0 || index === 2 * fps);
    expect(ticksOf(builder, 'video', target).slice(0, expected.length)).toEqual(expected);
  });

  it.each([
    ['of 2 s', 2_000],
    ['of 60 pictures at 29.97 frames a second', 2_002],
  ])('leaves no short part of sound at the end of segments %s, wherever its frames are', (_, segmentMs) => {
    const step = 1_024 / 44.1;
    const builder = log();
    for (let ms = 0, sound = 0; ms <= 20 * segmentMs; ms += segmentMs / 60) {
      for (; sound < ms; sound += step) builder.sound(sound);
      builder.picture(Math.round(ms), Math.round(ms) % segmentMs === 0);
    }
    const durations = ticksOf(builder, 'audio');
    expect(durations.length).toBeGreaterThan(70);
    expect(Math.min(...durations)).toBeGreaterThan(460);
    expect(Math.max(...durations)).toBeLessThanOrEqual(partTargetOf(DURATION_MS));
  });

  it.each([200, 500, 1_000])('last 85 %% of the target wherever six frames fit into %i ms', (target) => {
    const sixFrames = 6_000 / target;
    for (let fps = sixFrames; fps < 2 * sixFrames; fps += sixFrames / 25) {
      const builder = log();
      for (let index = 0; index <= 8 * fps; index++) builder.picture(Math.round((index * 1_000) / fps), index === 0);
      const parts = cutLog(builder.frames, { point: lowLatencyPoint(1_000, target) }).segments.flatMap(
        ({ renditions }) => renditions!.video!.parts.slice(0, -1),
      );
      for (const { ticks } of parts) {
        expect(ticks / 90, `${fps} frames a second`).toBeLessThanOrEqual(partTargetOf(target));
        expect(ticks / 90, `${fps} frames a second`).toBeGreaterThanOrEqual(0.85 * partTargetOf(target));
      }
    }
  });

  /** Segments of 30 pictures a second, with keyframes at these pictures: how long each is, and whether it begins at a keyframe. */
  const segmentsOf = (count: number, keyframes: readonly number[]): (readonly [number, boolean])[] => {
    const builder = log();
    for (let index = 0; index <= count; index++)
      builder.picture(Math.round((index * 1_000) / 30), keyframes.includes(index));
    return cutLog(builder.frames, { point: lowLatencyPoint(1_000), finish: false }).segments.map(
      ({ durationMs, independent }) => [Math.round(durationMs), independent] as const,
    );
  };

  it('ends a segment early at a keyframe where the next one would be too late: segments begin at keyframes', () => {
    const shortGroup = [0, 60, 120, 177, 237, 297, 357];
    expect(segmentsOf(357, shortGroup)).toEqual(
      [2_000, 2_000, 1_900, 2_000, 2_000, 2_000].map((durationMs) => [durationMs, true]),
    );
    // Keyframes every half second, of which one is missing, or one more comes at a change of scene.
    expect(segmentsOf(240, [0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 180, 195, 210, 225, 240])).toEqual(
      [2_000, 2_000, 2_000, 2_000].map((durationMs) => [durationMs, true]),
    );
    expect(segmentsOf(180, [0, 20, 60, 120, 180])).toEqual(
      [2_000, 2_000, 2_000].map((durationMs) => [durationMs, true]),
    );
  });

  it('begins at the next keyframe again where a group of pictures is longer than a segment may be', () => {
    expect(segmentsOf(300, [0, 60, 180, 240, 300])).toEqual([
      [2_000, true],
      [2_367, true],
      [1_633, false],
      [2_000, true],
      [2_000, true],
    ]);
  });

  it('leaves room for a millisecond where times are rounded to milliseconds', () => {
    const builder = log();
    for (let index = 0; index <= 60; index++) builder.picture(Math.round((index * 1_000) / 30), index % 60 === 0);
    const durations = ticksOf(builder, 'video').slice(0, -1);
    expect(durations).toEqual([500, 500, 500, 500]);
  });

  it('makes a frame that lasts unexpectedly long a part of its own', () => {
    const builder = log();
    for (const ms of [0, 40, 80, 120, 700, 740, 2_000]) builder.picture(ms, ms % 2_000 === 0);
    expect(ticksOf(builder, 'video').slice(0, 3)).toEqual([120, 580, 40]);
  });

  it.each([25, 60])('holds the target duration for sound too, at %i frames a second without keyframes', (fps) => {
    const builder = log();
    for (let index = 0, sound = 0; index <= 60 * fps; index++) {
      const ms = (index * 1_000) / fps;
      for (; sound < ms; sound += 1_024 / 44.1) builder.sound(Math.round(sound));
      builder.picture(Math.round(ms), index === 0 || index === 2 * fps);
    }
    const { segments } = cutLog(builder.frames, { point: lowLatencyPoint(1_000) });
    expect(segments.length).toBeGreaterThan(20);
    const states = statesOf(segments);
    for (const rendition of RENDITIONS) expect(faultsOf(states, rendition, ['part-below-target'])).toEqual([]);
  });

  it('goes on with sound while pictures do, where the encoder is muted', () => {
    const builder = log();
    for (let ms = 0; ms <= 8_000; ms += 40) {
      builder.picture(ms, ms % 2_000 === 0);
      if (ms < 1_000) builder.sound(ms);
    }
    const { segments } = cutLog(builder.frames, { point: lowLatencyPoint(1_000) });
    const audio = segments.map(({ renditions }) => renditions?.audio?.ticks ?? 0).slice(0, 4);
    expect(audio.reduce((sum, ticks) => sum + ticks, 0) / 90).toBeGreaterThan(7_950);
    // One frame after another, without a hole.
    const times = probe(segments, 'audio').map(({ dts }) => dts);
    expect(Math.max(...times.slice(1).map((time, index) => time - times[index]!))).toBeLessThan(4_500);
  });

  it('leaves no part of a stream in the clear once it is encrypted in the middle of its session', () => {
    const made: { parts: FinishedPart[]; segments: FinishedSegment[] } = { parts: [], segments: [] };
    const segmenter = new Segmenter(lowLatencyPoint(1_000), {
      settings: SETTINGS,
      containers: CONTAINERS,
      onSegment: (segment) => void made.segments.push(segment),
      onPart: (part) => void made.parts.push(part),
      onLeftOut: () => undefined,
    });
    const frames = (from: number): LogBuilder => {
      const builder = log();
      for (let ms = 0; ms < 5_000; ms += 40) builder.picture(from + ms, ms % 2_000 === 0).sound(from + ms);
      return builder;
    };
    for (const frame of frames(0).frames) segmenter.push(frame);
    const plain = made.segments.length;
    const { sessionId } = firstPoint(1_000);
    segmenter.startEpoch({
      position: { epoch: 61_000, sequence: 1 },
      sessionId,
      epochZeroMs: 61_000,
      keyRotationSegments: 5,
    });
    const [lastPlain, before] = [made.segments.length, made.parts.length];
    for (const frame of frames(0).frames) segmenter.push({ ...frame, epoch: 61_000 });
    expect(lastPlain).toBe(plain + 1);
    expect(made.segments.length).toBe(lastPlain + 2);
    expect(made.parts.length).toBe(before);
    for (const { renditions, keySequence } of made.segments.slice(lastPlain)) {
      expect(renditions).toBeUndefined();
      expect(keySequence).toBeDefined();
    }
    // Its renditions are not listed any more: players find the stream, encrypted, as MPEG-TS.
    let window = emptyWindow(sessionId);
    for (const segment of made.segments) window = appendSegment(window, segment, WINDOW_MS);
    expect(window.lowLatency).toBeUndefined();
  });

  it('leaves a gap in the list of a rendition that pauses, and goes on', () => {
    const builder = log();
    for (let ms = 0; ms < 4_000; ms += 40) builder.picture(ms, ms % 2_000 === 0).sound(ms);
    for (let ms = 4_000; ms < 12_000; ms += 23) builder.sound(ms);
    builder.startEpoch(61_000);
    for (let ms = 0; ms < 4_000; ms += 40) builder.picture(ms, ms % 2_000 === 0).sound(ms);
    const { segments } = cutLog(builder.frames, { point: lowLatencyPoint(1_000) });
    const [video, audio] = RENDITIONS.map((name) =>
      parseMediaPlaylist(statesOf(segments, 60_000).at(-1)!.playlists[name]!.text),
    );
    expect(video!.segments).toHaveLength(audio!.segments.length);
    expect(video!.segments.some(({ gap }) => gap === true)).toBe(true);
    expect(audio!.segments.some(({ gap }) => gap === true)).toBe(false);
    expect(video!.segments.map(({ discontinuity }) => discontinuity)).toEqual(
      audio!.segments.map(({ discontinuity }) => discontinuity),
    );
  });

  it('begins another period of media where times do not go on, and where a rendition comes or goes', () => {
    const builder = log();
    for (let ms = 0; ms < 4_000; ms += 40) builder.picture(ms, ms % 2_000 === 0).sound(ms);
    for (let ms = 4_000; ms < 12_000; ms += 23) builder.sound(ms);
    builder.startEpoch(61_000);
    for (let ms = 0; ms < 6_000; ms += 40) builder.picture(ms, ms % 2_000 === 0).sound(ms);
    const { segments } = cutLog(builder.frames, { point: lowLatencyPoint(1_000) });
    const all = statesOf(segments, 60_000).at(-1)!.window.entries;
    const kinds = all.map(({ renditions }) => Object.keys(renditions).join());
    // 10 s in the files are time 0 of the epoch.
    const of = (zeroMs: number, startMs: number) => ({ zeroMs: zeroMs - 10_000, start90k: (10_000 + startMs) * 90 });
    const soundAlone = kinds.indexOf('audio');
    expect(soundAlone).toBeGreaterThan(0);
    for (const [index, { period, renditions }] of all.entries()) {
      const expected =
        index < soundAlone
          ? of(1_000, 0)
          : kinds[index] === 'audio'
            ? { zeroMs: -9_000, start90k: Math.floor(all[soundAlone]!.renditions.audio!.start90k! / 90) * 90 }
            : of(61_000, 0);
      expect(period).toEqual(expected);
      expect(renditions.audio!.start90k).toBeGreaterThanOrEqual(period!.start90k);
    }
    // What is listed later says the same of it.
    expect(statesOf(segments, 4_000).at(-1)!.window.entries.at(-1)!.period).toEqual(of(61_000, 0));
  });

  it('closes the lists of an ended session', () => {
    const builder = log();
    for (let ms = 0; ms < 4_000; ms += 40) builder.picture(ms, ms % 2_000 === 0).sound(ms);
    const { segments } = cutLog(builder.frames, { point: lowLatencyPoint(1_000) });
    let window = emptyWindow(segments[0]!.before.sessionId);
    for (const segment of segments) window = appendSegment(window, segment, WINDOW_MS);
    const { playlists } = lowLatencyState(window.lowLatency!, segments.at(-1)!.after, true, 1);
    for (const name of RENDITIONS) {
      const playlist = parseMediaPlaylist(playlists[name]!.text);
      expect(playlist).toMatchObject({ endList: true, segments: { length: 2 } });
      expect(playlist.preloadHints).toBeUndefined();
    }
  });
});
