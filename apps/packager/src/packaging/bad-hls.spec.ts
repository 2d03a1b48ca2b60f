// The catalogue of bad inputs to HLS: whatever comes, every segment and every version of the list keeps the rules.
import { Codec, FrameFlag } from '@millrace/domain';
import type { MediaPlaylist } from '@millrace/protocol/hls';
import { checkMediaPlaylist } from '@millrace/protocol/hls/testing';
import { describe, expect, it } from 'vitest';
import { cutLog, SESSION } from '../testing/cut-log.ts';
import { listSegments } from '../testing/list-segments.ts';
import { audioLog, audioVideoLog, H264_CONFIG, OTHER_H264_CONFIG, videoLog } from '../testing/log-builder.ts';
import type { LogBuilder } from '../testing/log-builder.ts';
import { checkSegments, countUnits } from '../testing/transport-stream.ts';
import type { FinishedSegment } from './finished-segment.ts';

/** The sequence parameter set of `H264_CONFIG`. */
const AVC_SPS = H264_CONFIG.subarray(8, 8 + H264_CONFIG.readUInt16BE(6));
const WINDOW_MS = 12_000;
const HOUR_MS = 3_600_000;
const OTHER_SESSION = 'ses_00000000000000000000000002';

/** Rules about two sessions in one list, which never happens here. */
const BETWEEN_SESSIONS = new Set(['no-overlap', 'target-duration-changed', 'date-time-off', 'window-too-short']);

interface Outcome {
  readonly segments: FinishedSegment[];
  readonly dropped: number;
  readonly lists: MediaPlaylist[];
}

/** Cuts and lists a log and checks everything that must always hold. */
function packaged(log: LogBuilder, sessionOf?: (epoch: number) => string): Outcome {
  const { segments, dropped } = cutLog(log.frames, sessionOf === undefined ? {} : { sessionOf });
  const lists = listSegments(segments, WINDOW_MS);
  expect(checkSegments(segments.map(({ bytes }) => bytes))).toEqual([]);
  for (const [index, list] of lists.entries()) {
    const sameSession = segments[index]!.before.sessionId === segments[index - 1]?.before.sessionId;
    const violations = checkMediaPlaylist(lists[index - 1], list);
    expect(violations.filter(({ rule }) => sameSession || !BETWEEN_SESSIONS.has(rule))).toEqual([]);
  }
  expect(segments.every(({ skippedFrames }) => skippedFrames === 0)).toBe(true);
  return { segments, dropped, lists };
}

const discontinuities = ({ segments }: Outcome): number[] =>
  segments.filter(({ before }) => before.discontinuity).map(({ before }) => before.mediaSequence);
const durations = ({ segments }: Outcome): number[] => segments.map(({ durationMs }) => durationMs);
const carried = ({ segments }: Outcome): number =>
  segments.reduce((sum, { videoFrames, audioFrames }) => sum + videoFrames + audioFrames, 0);
const media = (log: LogBuilder): number =>
  log.frames.filter(({ kind, flags }) => kind <= 2 && (flags & FrameFlag.configuration) === 0).length;

describe('decode times that jump', () => {
  it.each([
    ['by 10 s', 10_000],
    ['by an hour', HOUR_MS],
    ['back by an hour', -HOUR_MS],
  ])('%s: one discontinuity, nothing lost', (_name, jumpMs) => {
    const log = audioVideoLog().run(HOUR_MS, HOUR_MS + 5_000);
    const at = HOUR_MS + 5_000 + jumpMs;
    log.picture(at, false, { flags: FrameFlag.discontinuity }).run(at + 40, at + 9_000);
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([3]);
    expect(carried(outcome)).toBe(media(log));
  });

  it('unannounced: the list stays valid, nothing is lost', () => {
    const log = audioVideoLog()
      .run(HOUR_MS, HOUR_MS + 5_000)
      .run(0, 5_000)
      .run(2 * HOUR_MS, 2 * HOUR_MS + 5_000);
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([3, 6]);
    expect(carried(outcome)).toBe(media(log));
  });

  it('past 2^33 ticks: nothing happens', () => {
    const wrapMs = 2 ** 33 / 90;
    const log = audioVideoLog().run(wrapMs - 15_000, wrapMs + 5_000);
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([]);
    expect(durations(outcome)).toEqual(Array.from({ length: 10 }, () => 2_000));
  });

  it('a start just below 2^24 ms: nothing happens', () => {
    const outcome = packaged(audioVideoLog().run(0xffffff - 5_000, 0xffffff + 5_000));
    expect(durations(outcome)).toEqual([2_000, 2_000, 2_000, 2_000, 2_000]);
  });

  it('two pictures of one time: both are carried', () => {
    const log = videoLog().run(0, 1_000).picture(1_000).picture(1_000).run(1_040, 4_000, { firstKeyMs: 2_000 });
    const outcome = packaged(log);
    expect(carried(outcome)).toBe(media(log));
  });
});

describe('keyframes', () => {
  it('none for ten minutes: segments as long as the first one may be, marked as not independent', () => {
    const log = videoLog().run(0, 600_000, { gopMs: Infinity });
    const outcome = packaged(log);
    expect(outcome.lists.at(-1)!.targetDuration).toBe(11);
    expect(Math.max(...durations(outcome))).toBeLessThanOrEqual(11_499);
    expect(outcome.segments.slice(1).every(({ independent }) => !independent)).toBe(true);
    expect(outcome.lists[0]!.independentSegments).toBe(true);
    expect(outcome.lists.at(-1)!.independentSegments).toBe(false);
    expect(carried(outcome)).toBe(media(log));
  });

  it('none after a while: the target duration that was fixed holds', () => {
    const outcome = packaged(audioVideoLog().run(0, 6_000).run(6_000, 30_000, { gopMs: Infinity }));
    expect(outcome.lists.at(-1)!.targetDuration).toBe(2);
    expect(Math.max(...durations(outcome))).toBeLessThan(2_500);
  });

  it('at every frame: segments of the target duration', () => {
    const outcome = packaged(videoLog().run(0, 20_000, { gopMs: 40 }));
    // The keyframe at 1.96 s is near enough.
    expect(durations(outcome)).toEqual([...Array.from({ length: 10 }, () => 1_960), 400]);
  });

  it('at scene changes: a segment that would be too long ends at the keyframe inside it', () => {
    const log = videoLog().run(0, 4_000).run(4_000, 4_700, { gopMs: Infinity }).run(4_700, 8_700);
    const outcome = packaged(log);
    expect(durations(outcome)).toEqual([2_000, 2_000, 700, 2_000, 2_000]);
    expect(outcome.segments.every(({ independent }) => independent)).toBe(true);
  });
});

describe('tracks', () => {
  it('audio only: segments at the marked frames', () => {
    const log = audioLog().run(0, 20_000, { video: false });
    const outcome = packaged(log);
    expect(carried(outcome)).toBe(media(log));
    expect(outcome.segments.every(({ independent }) => independent)).toBe(true);
    expect(Math.max(...durations(outcome))).toBeLessThan(2_100);
    expect(countUnits(outcome.segments[0]!.bytes).has(0x100)).toBe(false);
  });

  it('video only', () => {
    const outcome = packaged(videoLog().run(0, 20_000));
    expect(durations(outcome)).toEqual(Array.from({ length: 10 }, () => 2_000));
    expect(countUnits(outcome.segments[0]!.bytes)).toEqual(new Map([[0x100, 50]]));
  });

  it('audio that comes after a minute: one discontinuity, where it comes', () => {
    const log = videoLog().run(0, 60_000);
    log.audioConfiguration = audioLog().audioConfiguration;
    log.run(60_000, 70_000);
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([30]);
    expect(carried(outcome)).toBe(media(log));
  });

  it('audio that comes with the first pictures: no discontinuity', () => {
    const log = audioVideoLog();
    const { audioConfiguration } = log;
    log.audioConfiguration = undefined;
    log.picture(0, true);
    log.configuration(2, 2, audioConfiguration!, 0).sound(0);
    log.audioConfiguration = audioConfiguration;
    log.run(40, 8_000, { firstKeyMs: 2_000 });
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([]);
    expect(durations(outcome)).toEqual([2_000, 2_000, 2_000, 2_000]);
  });

  it('MP3, alone and beside pictures', () => {
    const alone = videoLog();
    alone.videoConfiguration = undefined;
    for (let n = 0; n < 400; n++) alone.mp3(n * 26.122, n % 38 === 0);
    const outcome = packaged(alone);
    expect(carried(outcome)).toBe(400);
    expect(outcome.segments[0]!.tracks).toMatchObject([{ codec: Codec.mp3, record: undefined }]);
    const beside = videoLog();
    for (let ms = 0; ms < 10_000; ms += 40) beside.picture(ms, ms % 2_000 === 0).mp3(ms);
    expect(carried(packaged(beside))).toBe(500);
  });

  it('pictures that vanish while sound goes on: nothing is lost', () => {
    const log = audioVideoLog().run(0, 6_000);
    for (let ms = 6_000; ms < 11_000; ms += 23) log.sound(ms);
    for (let ms = 11_000; ms < 20_000; ms += 23)
      log.media(2, 2, ms * 90, Buffer.alloc(20, 1), (ms - 11_000) % 1_012 === 0);
    const outcome = packaged(log);
    expect(carried(outcome)).toBe(media(log));
  });

  it('sound 30 s away from the pictures: segments as the pictures say', () => {
    const log = audioVideoLog();
    for (let ms = 0; ms < 20_000; ms += 40) log.picture(ms, ms % 2_000 === 0).sound(ms + 30_000);
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([]);
    expect(durations(outcome)).toEqual(Array.from({ length: 10 }, () => 2_000));
  });

  it.each([
    ['1 frame a second', 1],
    ['240 frames a second', 240],
  ])('%s', (_name, fps) => {
    const log = videoLog().run(0, 24_000, { fps });
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([]);
    expect(carried(outcome)).toBe(media(log));
  });
});

describe('configurations', () => {
  it('the same one a hundred thousand times: nothing happens and nothing grows', () => {
    const log = videoLog();
    const { videoConfiguration } = log;
    log.videoConfiguration = undefined;
    for (let ms = 0; ms < 4_000; ms += 40) {
      for (let n = 0; n < 1_000; n++) log.configuration(1, 1, videoConfiguration!, ms * 90);
      log.picture(ms, ms % 2_000 === 0);
    }
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([]);
    expect(durations(outcome)).toEqual([2_000, 2_000]);
  });

  it('another one at a keyframe: a discontinuity there', () => {
    const log = audioVideoLog().run(0, 5_000, { gopMs: 1_000 });
    log.videoConfiguration = OTHER_H264_CONFIG;
    const outcome = packaged(log.run(5_000, 9_000));
    expect(discontinuities(outcome)).toEqual([3]);
    expect(durations(outcome)).toEqual([2_000, 2_000, 1_000, 2_000, 2_000]);
  });

  it('another one in the middle of a group of pictures: a discontinuity there, nothing lost', () => {
    const log = videoLog()
      .run(0, 5_000)
      .configuration(1, 1, OTHER_H264_CONFIG, 5_000 * 90);
    log.videoConfiguration = OTHER_H264_CONFIG;
    log.run(5_000, 9_000, { firstKeyMs: 6_000 });
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([3]);
    expect(outcome.segments[3]!.independent).toBe(false);
    expect(carried(outcome)).toBe(media(log));
  });

  it('one that no decoder could use: the one before stays in force', () => {
    const log = videoLog().run(0, 2_000).configuration(1, 1, Buffer.from('00ff', 'hex'), 0).run(2_000, 4_000);
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([]);
    expect(outcome.dropped).toBe(1);
  });
});

describe('frames that are missing', () => {
  it('an encoder that pauses for 30 s: a discontinuity, real durations', () => {
    const outcome = packaged(audioVideoLog().run(0, 5_000).run(35_000, 40_000));
    expect(discontinuities(outcome)).toEqual([3]);
    expect(durations(outcome).slice(0, 3)).toEqual([2_000, 2_000, 1_000]);
  });

  it('lost in the log: what is left of the segment, then a discontinuity at the next keyframe', () => {
    const log = videoLog().run(0, 5_000).lose(10).run(5_400, 10_000, { firstKeyMs: 6_000 });
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([3]);
    expect(outcome.segments[2]!.cut).toBe('gap');
    expect(outcome.segments[3]!.independent).toBe(true);
    expect(outcome.dropped).toBe(15);
  });
});

describe('recovery points in place of keyframes', () => {
  it('are where segments start, which no list calls independent', () => {
    const log = audioVideoLog().run(0, 40).run(40, 2_000, { firstKeyMs: Infinity });
    const outcome = packaged(log.run(2_000, 10_000, { recovery: true }));
    expect(durations(outcome)).toEqual([2_000, 2_000, 2_000, 2_000, 2_000]);
    expect(outcome.segments.map(({ independent }) => independent)).toEqual([true, false, false, false, false]);
    expect(outcome.lists.at(-1)!.independentSegments).toBe(false);
    expect(carried(outcome)).toBe(media(log));
  });

  it('have the parameter sets before them', () => {
    const { segments } = packaged(videoLog().run(0, 2_000).run(2_000, 6_000, { recovery: true }));
    for (const { bytes } of segments)
      expect(
        Buffer.from(bytes)
          .subarray(0, 3 * 188)
          .includes(AVC_SPS),
      ).toBe(true);
  });

  it('are where a stream starts and goes on; pictures shown before them are left out where nothing comes before', () => {
    const log = videoLog();
    for (const ms of [0, 2_000]) {
      log
        .picture(ms, 'recovery', { offsetMs: 120 })
        .picture(ms + 40)
        .picture(ms + 80);
      log.run(ms + 120, ms + 2_000, { firstKeyMs: Infinity });
    }
    const outcome = packaged(log);
    expect(outcome.dropped).toBe(2);
    expect(outcome.segments.map(({ videoFrames }) => videoFrames)).toEqual([48, 50]);
  });
});

describe('tracks that pause', () => {
  it('sound alone: silence in its place, cuts as before, no discontinuity', () => {
    const log = audioVideoLog().run(0, 4_800).run(4_800, 11_200, { sound: false, firstKeyMs: 6_000 });
    const outcome = packaged(log.run(11_200, 16_000, { firstKeyMs: 12_000 }));
    expect(discontinuities(outcome)).toEqual([]);
    expect(durations(outcome)).toEqual(Array.from({ length: 8 }, () => 2_000));
    expect(carried(outcome)).toBe(media(log));
    const heard = outcome.segments.map(({ audioFrames, silentFrames }) => audioFrames + silentFrames);
    expect(heard.filter((frames) => frames < 86 || frames > 88)).toEqual([]);
  });

  it.each([520, 1_720])('sound alone for %i ms inside a segment: it is not cut there', (pauseMs) => {
    const log = audioVideoLog()
      .run(0, 2_200)
      .run(2_200, 2_200 + pauseMs, { sound: false, firstKeyMs: Infinity });
    const outcome = packaged(log.run(2_200 + pauseMs, 6_000, { firstKeyMs: 4_000 }));
    expect(durations(outcome)).toEqual([2_000, 2_000, 2_000]);
    expect(outcome.segments.every(({ independent }) => independent)).toBe(true);
  });

  it.each([
    ['at a keyframe', 4_520, 14_000, 0],
    ['in the middle of a group of pictures', 7_000, 14_480, 38],
  ])('both for seconds, back %s: one discontinuity, at a keyframe', (_name, from, to, lost) => {
    const log = audioVideoLog()
      .run(0, from)
      .run(to, 20_000, { firstKeyMs: Math.ceil(to / 2_000) * 2_000 });
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toHaveLength(1);
    expect(outcome.segments.every(({ independent, videoFrames }) => independent && videoFrames > 1)).toBe(true);
    const pictures = outcome.segments.reduce((sum, { videoFrames }) => sum + videoFrames, 0);
    expect(pictures).toBe(Math.floor((from + 20_000 - to) / 40) - lost);
  });

  it('both, and the end of the log comes before a keyframe: sound goes on without pictures', () => {
    const log = audioVideoLog().run(0, 5_000).run(12_000, 13_000, { firstKeyMs: Infinity });
    const outcome = packaged(log);
    expect(discontinuities(outcome)).toEqual([3]);
    expect(outcome.segments.at(-1)).toMatchObject({ videoFrames: 0, cut: 'session' });
  });
});

describe('publishers that come back', () => {
  const reconnect = (change: (log: LogBuilder) => void, end: boolean): LogBuilder => {
    const log = audioVideoLog().run(0, 5_000);
    if (end) log.end(FrameFlag.unpublished);
    change(log.startEpoch(61_000));
    return log.run(0, 6_000);
  };

  it.each([
    ['within the window, after an end frame', true],
    ['within the window, without an end frame', false],
  ])('%s: one discontinuity, the same target duration', (_name, end) => {
    const outcome = packaged(reconnect(() => undefined, end));
    expect(discontinuities(outcome)).toEqual([3]);
    expect(durations(outcome)).toEqual([2_000, 2_000, 1_000, 2_000, 2_000, 2_000]);
    expect(outcome.segments[2]!.cut).toBe(end ? 'end' : 'epoch');
    expect(new Set(outcome.lists.map(({ targetDuration }) => targetDuration)).size).toBe(1);
  });

  it('within the window, with other tracks: one discontinuity', () => {
    const outcome = packaged(reconnect((log) => (log.audioConfiguration = undefined), true));
    expect(discontinuities(outcome)).toEqual([3]);
  });

  const sessionOf = (epoch: number): string => (epoch === 1_000 ? SESSION : OTHER_SESSION);

  it('after the window: a list of its own, numbers that go on', () => {
    const outcome = packaged(
      reconnect(() => undefined, true),
      sessionOf,
    );
    expect(outcome.lists[3]!.segments).toHaveLength(1);
    expect(outcome.lists[3]!.mediaSequence).toBe(3);
    expect(outcome.lists[3]!.segments[0]!.discontinuity).toBe(true);
    expect(outcome.lists.at(-1)!.discontinuitySequence).toBe(0);
  });

  it('after the window, with longer groups of pictures: another target duration', () => {
    const log = reconnect(() => undefined, false)
      .startEpoch(122_000)
      .run(0, 12_000, { gopMs: 4_000 });
    const outcome = packaged(log, (epoch) => (epoch < 122_000 ? SESSION : OTHER_SESSION));
    expect(outcome.lists.at(-1)!.targetDuration).toBe(4);
    expect(outcome.lists.at(-1)!.segments).toHaveLength(3);
    expect(outcome.segments.filter(({ before }) => before.discontinuity)).toHaveLength(2);
  });
});
