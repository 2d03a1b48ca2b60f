// An encoder that pauses: its times jump ahead and nothing comes meanwhile. No segment is longer than its target duration allows, what follows
// a pause that has no room is another timeline in all renditions, and dates are right on both sides.
import { createHash } from 'node:crypto';
import { TICKS_PER_MS } from '@millrace/domain';
import type { Frame, ResumePoint } from '@millrace/domain';
import { renditionNames, renditionValues } from '@millrace/live-store';
import type { LowLatencyState, RenditionName } from '@millrace/live-store';
import { checkLowLatency, checkMediaPlaylist, parseMediaPlaylist } from '@millrace/protocol/hls/testing';
import type { MediaPlaylist } from '@millrace/protocol/hls';
import { describe, expect, it } from 'vitest';
import { cutLog, firstPoint, SETTINGS } from '../testing/cut-log.ts';
import { listSegments } from '../testing/list-segments.ts';
import { audioLog, audioVideoLog, videoLog } from '../testing/log-builder.ts';
import type { LogBuilder } from '../testing/log-builder.ts';
import { multitrackLog } from '../testing/multitrack-log.ts';
import type { FinishedSegment } from './finished-segment.ts';
import { lowLatencyState } from './low-latency-window.ts';
import { appendSegment, emptyWindow } from './playlist-window.ts';

const EPOCH = 1_000;
const WINDOW_MS = 60_000;
const PAUSE_AT_MS = 5_000;
/** Of a segment of 2 s that has been open for 1 s: just more than it has room for, more than that, and far more. */
const PAUSES_MS = [1_520, 2_500, 3_000, 3_001, 12_000];
const POINTS = [
  ['with low latency', { ...firstPoint(EPOCH), partDurationMs: 500 }],
  ['without', firstPoint(EPOCH)],
] as const satisfies readonly (readonly [string, ResumePoint])[];

const digest = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('base64');

/** All that players could get of a segment. */
const filesOf = ({ name, bytes, durationMs, programDateTimeMs, before, renditions = {} }: FinishedSegment): unknown => [
  name,
  digest(bytes),
  durationMs,
  programDateTimeMs,
  before.discontinuitySequence,
  renditionNames(renditions).map((rendition) => {
    const { bytes: whole, ticks, parts } = renditions[rendition]!;
    return [rendition, digest(whole), ticks, parts.map((part) => [part.name, digest(part.bytes), part.ticks])];
  }),
];

/** A log in which frames from a time on come so much later by their times. */
const withPause = (frames: readonly Frame[], atMs: number, pauseMs: number): Frame[] =>
  frames.map((frame) =>
    frame.dts90k < atMs * TICKS_PER_MS ? frame : { ...frame, dts90k: frame.dts90k + pauseMs * TICKS_PER_MS },
  );

/** With sound in front of the pictures of the same time. */
function soundFirst(log: LogBuilder): LogBuilder {
  for (let ms = 0, sound = 0; ms < 12_000; ms += 40) {
    for (; sound < ms + 40; sound += 1_024 / 44.1) log.sound(Math.round(sound));
    log.picture(ms, ms % 2_000 === 0);
  }
  return log;
}

function statesOf(segments: readonly FinishedSegment[]): LowLatencyState[] {
  let window = emptyWindow(segments[0]!.before.sessionId);
  return segments.map((segment, index) => {
    window = appendSegment(window, segment, WINDOW_MS);
    return lowLatencyState(window.lowLatency!, segment.after, false, index + 1);
  });
}

/** What breaks a rule in the lists of MPEG-TS and of each rendition, from load to load. */
function faultsOf(segments: readonly FinishedSegment[], hasParts: boolean): string[] {
  const faults: string[] = [];
  const check = (name: string, lists: readonly MediaPlaylist[], isRendition: boolean): void => {
    for (const [index, list] of lists.entries()) {
      const last = lists[index - 1];
      const found = [
        ...checkMediaPlaylist(last, list),
        ...(isRendition && hasParts ? checkLowLatency(last, list) : []),
      ];
      faults.push(...found.map(({ rule, detail }) => `${name}: ${rule}: ${detail}`));
    }
  };
  check('index', listSegments(segments, WINDOW_MS), false);
  if (segments[0]!.renditions === undefined) return faults;
  const states = statesOf(segments);
  for (const name of renditionNames(states.at(-1)!.playlists))
    check(
      name,
      states.flatMap(({ playlists }) => playlists[name]?.text ?? []).map((text) => parseMediaPlaylist(text)),
      true,
    );
  return faults;
}

/** The numbers of segments behind a discontinuity, in each list. */
function breaksOf(segments: readonly FinishedSegment[]): Record<string, number[]> {
  const numbers = ({ mediaSequence, segments: listed }: MediaPlaylist): number[] =>
    listed.flatMap(({ discontinuity }, index) => (discontinuity ? [mediaSequence + index] : []));
  const playlists = segments[0]!.renditions === undefined ? {} : statesOf(segments).at(-1)!.playlists;
  return {
    index: numbers(listSegments(segments, WINDOW_MS).at(-1)!),
    ...Object.fromEntries(
      renditionNames(playlists).map((name) => [name, numbers(parseMediaPlaylist(playlists[name]!.text))]),
    ),
  };
}

/** That each sample is dated by its own time, before the pause and behind it. */
function expectRightDates(segments: readonly FinishedSegment[]): void {
  for (const { renditions = {} } of segments)
    for (const { programDateTimeMs, start90k } of renditionValues(renditions))
      // 10 s in the files are time 0 of the epoch. None of these pictures is reordered by more than two frames.
      expect(Math.abs(programDateTimeMs - EPOCH - (start90k / TICKS_PER_MS - 10_000))).toBeLessThanOrEqual(100);
}

const LOGS: readonly (readonly [string, () => Frame[]])[] = [
  ['pictures and sound', () => audioVideoLog(EPOCH).run(0, 12_000).frames],
  ['sound that comes before pictures', () => soundFirst(audioVideoLog(EPOCH)).frames],
  ['pictures alone', () => videoLog(EPOCH).run(0, 12_000).frames],
  ['sound alone', () => audioLog(EPOCH).run(0, 12_000, { video: false }).frames],
  ['several tracks', () => multitrackLog(EPOCH)],
];

describe.each(POINTS)('an encoder that pauses, %s', (mode, point) => {
  const hasParts = mode === 'with low latency';

  describe.each(LOGS)('%s', (_name, frames) => {
    it.each(PAUSES_MS)('%i ms, for which the segment has no room: a discontinuity in every list', (pauseMs) => {
      const log = withPause(frames(), PAUSE_AT_MS, pauseMs);
      const { segments } = cutLog(log, { point });
      expect(faultsOf(segments, hasParts)).toEqual([]);
      const breaks = Object.values(breaksOf(segments));
      expect(breaks[0]).toHaveLength(1);
      for (const numbers of breaks) expect(numbers).toEqual(breaks[0]);
      const { programDateTimeMs, before } = segments.find((segment) => segment.before.discontinuity)!;
      expect(before.mediaSequence).toBe(breaks[0]![0]);
      // Where decoding can start again: at the next keyframe, by the encoder's clock.
      expect(programDateTimeMs).toBeGreaterThanOrEqual(EPOCH + PAUSE_AT_MS + pauseMs - 100);
      expect(programDateTimeMs).toBeLessThanOrEqual(EPOCH + PAUSE_AT_MS + pauseMs + 1_000);
      expectRightDates(segments);
    });

    it('is cut again into the same bytes by another packager, from any segment on', () => {
      const log = withPause(frames(), PAUSE_AT_MS, 2_500);
      const { segments } = cutLog(log, { point });
      for (const [index, { before }] of segments.entries())
        expect(cutLog(log, { point: before }).segments.map(filesOf)).toEqual(segments.slice(index).map(filesOf));
    });
  });

  it('has no discontinuity, and loses nothing, where the segment has room for the pause', () => {
    const { segments, dropped } = cutLog(withPause(audioVideoLog(EPOCH).run(0, 12_000).frames, 4_400, 1_200), {
      point,
    });
    expect(dropped).toBe(0);
    expect(breaksOf(segments)['index']).toEqual([]);
    expect(faultsOf(segments, false)).toEqual([]);
  });

  it('loses only what cannot be decoded behind the pause', () => {
    const log = withPause(audioVideoLog(EPOCH).run(0, 12_000).frames, PAUSE_AT_MS, 2_500);
    const { segments, dropped } = cutLog(log, { point });
    const lost = log.filter(({ kind, flags, dts90k }) => {
      const ms = dts90k / TICKS_PER_MS;
      return kind <= 2 && (flags & 2) === 0 && ms >= PAUSE_AT_MS + 2_500 && ms < PAUSE_AT_MS + 3_500;
    });
    expect(dropped).toBeGreaterThan(0);
    // Sound of the last 100 ms goes before the keyframe.
    expect(dropped).toBeLessThanOrEqual(lost.length);
    expect(segments.at(-1)!.independent).toBe(true);
  });
});

it('a pause is bridged at a keyframe inside the segment, where there are no parts that viewers may have', () => {
  const log = withPause(
    audioVideoLog(EPOCH).run(0, 4_000).run(4_000, 12_000, { firstKeyMs: 4_800 }).frames,
    PAUSE_AT_MS,
    2_000,
  );
  const { segments, dropped } = cutLog(log, { point: firstPoint(EPOCH) });
  expect(dropped).toBe(0);
  expect(breaksOf(segments)).toEqual({ index: [] });
  expect(faultsOf(segments, false)).toEqual([]);
});

it('sound that runs further than the pictures is said to last no longer than the target duration allows', () => {
  const log = audioVideoLog(EPOCH);
  // Pictures come late in the log, by less than what counts as a pause of theirs.
  for (let ms = 0, sound = 0; ms < 20_000; ms += 40) {
    const ahead = ms % 4_000 > 1_800 ? 240 : 0;
    for (; sound < ms + ahead; sound += 1_024 / 44.1) log.sound(Math.round(sound));
    log.picture(ms, ms === 0 || ms === 2_000);
  }
  const { segments } = cutLog(log.frames, { point: { ...firstPoint(EPOCH), partDurationMs: 500 }, settings: SETTINGS });
  const names: readonly RenditionName[] = ['video', 'audio'];
  for (const { renditions, after } of segments)
    for (const name of names)
      expect(Math.round(renditions![name]!.ticks / 90_000)).toBeLessThanOrEqual(after.targetDurationSeconds);
  expect(faultsOf(segments, true).filter((fault) => fault.includes('extinf-above-target'))).toEqual([]);
});
