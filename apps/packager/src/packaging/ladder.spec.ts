// Several tracks of an encoder become renditions that are cut at the same times. Read back by ffprobe, and by the linter of playlists.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { FrameKind, isConfiguration, isFirstTrack } from '@millrace/domain';
import type { Frame, ResumePoint } from '@millrace/domain';
import { parseRenditionName, renditionNames, renditionValues } from '@millrace/live-store';
import type { LowLatencyState, RenditionName } from '@millrace/live-store';
import { checkLowLatency, checkMediaPlaylist, parseMediaPlaylist } from '@millrace/protocol/hls/testing';
import type { MediaPlaylist } from '@millrace/protocol/hls';
import { describe, expect, it } from 'vitest';
import { cutLog, firstPoint, SETTINGS } from '../testing/cut-log.ts';
import { multitrackLog } from '../testing/multitrack-log.ts';
import type { MultitrackOptions } from '../testing/multitrack-log.ts';
import type { FinishedSegment } from './finished-segment.ts';
import { lowLatencyState } from './low-latency-window.ts';
import { appendSegment, emptyWindow } from './playlist-window.ts';
import type { PlaylistWindow } from './playlist-window.ts';
import { describeStream } from './stream-description.ts';

const EPOCH = 1_000;
const WINDOW_MS = 30_000;
/** What CMAF moves all times by. */
const ORIGIN_TICKS = 900_000;
const NAMES: readonly RenditionName[] = ['video', 'video1', 'video2', 'audio', 'audio1'];
const POINTS = [
  ['with low latency', { ...firstPoint(EPOCH), partDurationMs: 500 }],
  ['without', firstPoint(EPOCH)],
] as const satisfies readonly (readonly [string, ResumePoint])[];

const digest = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('base64');

/** All that players could get of a segment. */
const filesOf = ({ bytes, renditions = {} }: FinishedSegment): unknown => [
  digest(bytes),
  renditionNames(renditions).map((name) => {
    const { bytes: whole, ticks, parts, map, aligned, independent } = renditions[name]!;
    return [
      name,
      digest(whole),
      ticks,
      parts.map((part) => [part.name, digest(part.bytes), part.ticks]),
      map.name,
      aligned,
      independent,
    ];
  }),
];

interface Listed {
  readonly window: PlaylistWindow;
  readonly state: LowLatencyState;
}

/** The list after each segment. */
function listsOf(segments: readonly FinishedSegment[]): Listed[] {
  let window = emptyWindow(segments[0]!.before.sessionId);
  return segments.map((segment, index) => {
    window = appendSegment(window, segment, WINDOW_MS);
    return { window, state: lowLatencyState(window.lowLatency!, segment.after, false, index + 1) };
  });
}

const describedAt = (segments: readonly FinishedSegment[], index: number) =>
  describeStream(segments[index]!, listsOf(segments.slice(0, index + 1)).at(-1)!.window).renditions!;
const statesOf = (segments: readonly FinishedSegment[], index: number) =>
  Object.fromEntries(describedAt(segments, index).map(({ name, state }) => [name, state]));

function packetsOf(segments: readonly FinishedSegment[], name: RenditionName) {
  const list = segments.flatMap(({ renditions }) => renditions?.[name] ?? []);
  const input = Buffer.concat([list[0]!.map.bytes, ...list.map(({ bytes }) => bytes)]);
  const args = ['-v', 'error', '-show_packets', '-show_data_hash', 'md5', '-of', 'json', 'pipe:0'];
  const { packets } = JSON.parse(execFileSync('ffprobe', args, { input, maxBuffer: 2 ** 26 }).toString()) as {
    packets: { dts: number; pts: number; data_hash: string }[];
  };
  return packets.map(({ dts, pts, data_hash: hash }) => [dts, pts, hash]);
}

const sentOf = (frames: readonly Frame[], name: RenditionName) => {
  const { kind, track } = parseRenditionName(name)!;
  return frames
    .filter((frame) => frame.kind === FrameKind[kind] && (frame.track ?? 0) === track && !isConfiguration(frame))
    .map(({ dts90k, compositionOffset90k, payload }) => [
      dts90k + ORIGIN_TICKS,
      dts90k + compositionOffset90k + ORIGIN_TICKS,
      `MD5:${createHash('md5').update(payload).digest('hex')}`,
    ]);
};

describe.each(POINTS)('several tracks, %s', (mode, point) => {
  const hasParts = mode === 'with low latency';
  const frames = multitrackLog(EPOCH);
  const { segments, dropped } = cutLog(frames, { point });

  it('are renditions with every frame once, at its time, cut at the same times', () => {
    expect(dropped).toBe(0);
    expect(segments).toHaveLength(6);
    for (const name of NAMES) expect(packetsOf(segments, name)).toEqual(sentOf(frames, name));
    for (const { renditions, before } of segments) {
      expect(renditionNames(renditions!)).toEqual(NAMES);
      const pictures = NAMES.slice(0, 3).map((name) => renditions![name]!);
      expect(new Set(pictures.map(({ ticks, programDateTimeMs }) => `${ticks} ${programDateTimeMs}`)).size).toBe(1);
      expect(pictures.map(({ aligned, independent }) => [aligned, independent])).toEqual([
        [undefined, true],
        [true, true],
        [true, true],
      ]);
      expect(renditions!.video2!.name).toBe(`v2-${before.mediaSequence}.m4s`);
      if (hasParts) expect(new Set(pictures.map(({ parts }) => parts.length)).size).toBe(1);
    }
    expect(segments[0]!.renditions!.audio1!.parts[0]!.name).toBe('a1-0.0.m4s');
  });

  it('leave the segments of the first ones as they are, byte for byte', () => {
    const first = frames.filter(isFirstTrack).map((frame, index) => ({ ...frame, sequence: index + 1 }));
    const alone = cutLog(first, { point }).segments;
    expect(segments.map(({ bytes }) => digest(bytes))).toEqual(alone.map(({ bytes }) => digest(bytes)));
    for (const [index, { renditions }] of alone.entries())
      for (const name of renditionNames(renditions ?? {}))
        expect(digest(segments[index]!.renditions![name]!.bytes)).toBe(digest(renditions![name]!.bytes));
  });

  it('have playlists with the same numbers, which break no rule', () => {
    const last = new Map<RenditionName, MediaPlaylist>();
    for (const { state } of listsOf(segments)) {
      expect(renditionNames(state.playlists)).toEqual(NAMES);
      const lists = renditionValues(state.playlists).map(({ text }) => parseMediaPlaylist(text));
      expect(new Set(lists.map(({ mediaSequence, segments: { length } }) => `${mediaSequence} ${length}`)).size).toBe(
        1,
      );
      for (const [index, name] of NAMES.entries()) {
        const next = lists[index]!;
        const found = [
          ...(hasParts ? checkLowLatency(last.get(name), next) : []),
          ...checkMediaPlaylist(last.get(name), next),
        ];
        expect(found).toEqual([]);
        last.set(name, next);
        expect(next.independentSegments).toBe(true);
        if (hasParts)
          expect(next.renditionReports!.map(({ uri }) => uri)).toEqual(
            NAMES.filter((other) => other !== name).map((other) => `${other}.m3u8`),
          );
      }
    }
  });

  it('are described with what players choose by', () => {
    const described = describedAt(segments, 5);
    expect(
      described.map(({ name, codec, width, height, frameRate, channels, state }) => [
        name,
        codec,
        width,
        height,
        frameRate,
        channels,
        state,
      ]),
    ).toEqual([
      ['video', 'avc1.64001e', 640, 360, 30, undefined, 'listed'],
      ['video1', 'avc1.64000d', 320, 180, 30, undefined, 'listed'],
      ['video2', 'avc1.64000b', 160, 90, 30, undefined, 'listed'],
      ['audio', 'mp4a.40.2', undefined, undefined, undefined, 2, 'listed'],
      ['audio1', 'mp4a.40.2', undefined, undefined, undefined, 2, 'listed'],
    ]);
    const rates = described.map(({ averageBitsPerSecond }) => averageBitsPerSecond);
    expect(rates[0]! / rates[1]!).toBeGreaterThan(2);
    expect(rates[1]! / rates[2]!).toBeGreaterThan(2);
    for (const { averageBitsPerSecond, peakBitsPerSecond } of described)
      expect(peakBitsPerSecond).toBeGreaterThanOrEqual(averageBitsPerSecond);
  });

  it('have the names and languages that the tenant gave the tracks of sound, and no others', () => {
    const { window } = listsOf(segments).at(-1)!;
    const named = [
      { track: 1, name: 'Commentaire', language: 'fr' },
      { track: 2, name: 'not sent' },
    ];
    const described = describeStream(segments.at(-1)!, window, undefined, named).renditions!;
    expect(described.map(({ name, label, language }) => [name, label, language])).toEqual([
      ['video', undefined, undefined],
      ['video1', undefined, undefined],
      ['video2', undefined, undefined],
      ['audio', undefined, undefined],
      ['audio1', 'Commentaire', 'fr'],
    ]);
  });

  it.each([
    ['all of them', {}],
    [
      'some that stop and come back',
      { loops: 3, sends: ({ track, ms }) => track === 0 || ms < 3_300 + track * 700 || ms > 9_000 },
    ],
    ['one whose keyframes are elsewhere', { delayMs: (track: number) => (track === 2 ? 730 : 0) }],
    [
      'first ones that pause',
      { sends: ({ kind, track, ms }) => kind === FrameKind.audio || track > 0 || ms < 5_000 || ms > 8_000 },
    ],
  ] satisfies [string, MultitrackOptions][])(
    'are cut into the same bytes by a packager that begins at any segment: %s',
    (_, options) => {
      const log = multitrackLog(EPOCH, options);
      const whole = cutLog(log, { point }).segments;
      expect(whole.length).toBeGreaterThan(4);
      for (const [index, { before }] of whole.entries())
        expect(cutLog(log, { point: before }).segments.map(filesOf)).toEqual(whole.slice(index).map(filesOf));
    },
  );

  it('have gaps where one stops, which leaves the others alone, and it is listed again once it is back', () => {
    const isAway = (ms: number): boolean => ms >= 4_000 && ms < 12_000;
    const log = multitrackLog(EPOCH, {
      loops: 4,
      sends: ({ kind, track, ms }) => !(kind === FrameKind.video && track === 1 && isAway(ms)),
    });
    const { segments: cut, dropped: lost } = cutLog(log, { point });
    expect(lost).toBe(0);
    const { playlists } = listsOf(cut)[8]!.state;
    const gaps = parseMediaPlaylist(playlists.video1!.text).segments.map(({ gap = false }) => gap);
    expect(gaps).toEqual([false, false, true, true, true, true, false, false, false]);
    expect(parseMediaPlaylist(playlists.video2!.text).segments.some(({ gap }) => gap)).toBe(false);
    expect([1, 3, 4, 5, 6].map((index) => statesOf(cut, index)['video1'])).toEqual([
      'listed',
      'listed',
      'stopped',
      'stopped',
      'listed',
    ]);
    expect(describedAt(cut, 5).find(({ name }) => name === 'video1')).toMatchObject({
      width: 320,
      codec: 'avc1.64000d',
    });
    expect(packetsOf(cut.slice(6), 'video1')).toEqual(
      sentOf(log, 'video1').slice(-packetsOf(cut.slice(6), 'video1').length),
    );
  });

  it('are not switched between where keyframes do not meet those of the first one within one picture', () => {
    const cut = (delayMs: number) =>
      cutLog(multitrackLog(EPOCH, { delayMs: (track) => (track === 1 ? delayMs : 0) }), { point }).segments;
    expect(statesOf(cut(30), 5)).toMatchObject({ video1: 'listed', video2: 'listed' });
    const apart = cut(400);
    expect(statesOf(apart, 5)).toMatchObject({ video: 'listed', video1: 'unaligned', video2: 'listed' });
    expect(parseMediaPlaylist(listsOf(apart)[5]!.state.playlists.video1!.text).independentSegments).toBe(false);
  });
});

it('further tracks of an encrypted stream are left out', () => {
  const { segments, leftOut } = cutLog(multitrackLog(EPOCH, { loops: 1 }), {
    point: firstPoint(EPOCH),
    settings: { ...SETTINGS, keyRotationSegments: 2 },
  });
  expect(segments.some(({ renditions }) => renditions !== undefined)).toBe(false);
  expect(new Set(leftOut)).toEqual(new Set(['track']));
});
