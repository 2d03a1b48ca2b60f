// What the segmenter is told besides frames. What frames do to it: bad-hls.spec.ts; what always holds: segmenter.properties.spec.ts.
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame, ResumePoint } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { startOf } from '../containers/container.ts';
import { CONTAINERS, Containers } from '../containers/containers.ts';
import { cutLog, firstPoint, SESSION, SETTINGS } from '../testing/cut-log.ts';
import { framesContainer } from '../testing/frames-container.ts';
import { AAC_CONFIG, audioLog, audioVideoLog, videoLog } from '../testing/log-builder.ts';
import type { LogBuilder } from '../testing/log-builder.ts';
import type { FinishedSegment } from './finished-segment.ts';
import { Segmenter } from './segmenter.ts';

function open(point: ResumePoint = firstPoint()) {
  const segments: FinishedSegment[] = [];
  const segmenter = new Segmenter(point, {
    settings: SETTINGS,
    containers: CONTAINERS,
    onSegment: (segment) => void segments.push(segment),
  });
  const push = (frames: readonly Frame[]): void => frames.forEach((frame) => segmenter.push(frame));
  return { segmenter, segments, push };
}

/** The frames that a builder has added since the last call. */
function added(log: LogBuilder, act: () => void): Frame[] {
  const from = log.frames.length;
  act();
  return log.frames.slice(from);
}

const behind = (log: LogBuilder) => ({ epoch: log.epoch, sequence: log.sequence + 1 });
const carried = (segments: readonly FinishedSegment[]): number =>
  segments.reduce((sum, { videoFrames, audioFrames }) => sum + videoFrames + audioFrames, 0);

describe('a session that is over', () => {
  it('has its last segment, as long as its frames say', () => {
    const log = audioVideoLog().run(0, 3_000);
    const { segmenter, segments, push } = open();
    push(log.frames);
    segmenter.finish(behind(log));
    expect(segments.map(({ cut, durationMs }) => [cut, durationMs])).toEqual([
      ['keyframe', 2_000],
      ['session', 1_000],
    ]);
    expect(segmenter.point).toMatchObject({ position: behind(log), discontinuity: true, mediaSequence: 2 });
  });

  it('has no empty segment', () => {
    const { segmenter, segments } = open();
    segmenter.finish({ epoch: 1_000, sequence: 1 });
    expect(segments).toEqual([]);
  });

  it('loses nothing when its frames go on all the same', () => {
    const log = videoLog().run(0, 3_000);
    const { segmenter, segments, push } = open();
    push(log.frames);
    segmenter.finish(behind(log));
    push(added(log, () => log.run(3_000, 5_000, { firstKeyMs: 4_000 })));
    segmenter.finish(behind(log));
    expect(carried(segments)).toBe(125);
    expect(segments.map(({ before }) => before.discontinuity)).toEqual([false, false, true]);
  });
});

describe('a new epoch', () => {
  const next = { position: { epoch: 5_000, sequence: 1 }, epochZeroMs: 5_000 };

  it('of the same session keeps the target duration, and dates do not step back', () => {
    const log = videoLog().run(0, 9_000, { gopMs: 4_000 });
    const { segmenter, segments, push } = open();
    push(log.frames);
    segmenter.startEpoch({ ...next, sessionId: SESSION });
    expect(segmenter.point).toMatchObject({
      position: next.position,
      targetDurationSeconds: 4,
      discontinuity: true,
      epochZeroMs: 1_000 + 9_000,
    });
    expect(segments.at(-1)!.after).toEqual(segmenter.point);
  });

  it('of another session fixes its own', () => {
    const log = videoLog().run(0, 9_000, { gopMs: 4_000 });
    const { segmenter, segments, push } = open();
    push(log.frames);
    segmenter.startEpoch({ ...next, sessionId: 'ses_other' });
    expect(segmenter.point).toMatchObject({ targetDurationSeconds: 0, sessionId: 'ses_other', epochZeroMs: 5_000 });
    expect(segments.at(-1)!.after).toMatchObject({ targetDurationSeconds: 4, sessionId: SESSION });
  });

  it('may wish for other segments, within what is fixed', () => {
    const log = videoLog().run(0, 9_000, { gopMs: 1_000 });
    const { segmenter, segments, push } = open();
    push(log.frames);
    segmenter.startEpoch({ ...next, sessionId: SESSION, segmentTargetMs: 6_000 });
    push(added(log.startEpoch(5_000), () => log.run(0, 9_000, { gopMs: 1_000 })));
    expect(segments.slice(5).map(({ durationMs, independent }) => [durationMs, independent])).toEqual(
      Array.from({ length: 4 }, () => [2_000, true]),
    );
    segmenter.startEpoch({ position: { epoch: 9_000, sequence: 1 }, epochZeroMs: 9_000, sessionId: 'ses_other' });
    push(added(log.startEpoch(9_000), () => log.run(0, 9_000, { gopMs: 1_000 })));
    expect(segments.at(-1)).toMatchObject({ durationMs: 6_000, after: { targetDurationSeconds: 6 } });
  });

  it('straight after the last one needs no second discontinuity', () => {
    const log = videoLog().run(0, 3_000).end();
    const { segmenter, push } = open();
    push(log.frames);
    const { discontinuitySequence } = segmenter.point;
    segmenter.startEpoch({ ...next, sessionId: SESSION });
    segmenter.gap({ epoch: 5_000, sequence: 9 });
    expect(segmenter.point.discontinuitySequence).toBe(discontinuitySequence);
  });
});

describe('frames that nothing can be made of', () => {
  it('are given up, the numbers go on', () => {
    const log = videoLog().run(0, 3_000);
    const { segmenter, segments, push } = open();
    push(log.frames);
    segmenter.abandon(behind(log));
    expect(segmenter.droppedFrames).toBe(25);
    push(added(log, () => log.run(3_000, 5_100)));
    expect(segments.map(({ before }) => [before.mediaSequence, before.discontinuity])).toEqual([
      [0, false],
      [1, true],
    ]);
  });
});

describe('numbers that may have been used', () => {
  it('are left out', () => {
    const point = { ...firstPoint(), mediaSequence: 7, discontinuitySequence: 3 };
    const { segmenter } = open(point);
    segmenter.skipNumbers(8);
    expect(segmenter.point).toMatchObject({ mediaSequence: 15, discontinuity: true, discontinuitySequence: 12 });
  });
});

describe('a resume point in the middle of a group of pictures', () => {
  const log = videoLog().run(0, 4_000).run(4_000, 9_000, { gopMs: Infinity });

  function middle(): ResumePoint {
    const { segments, push } = open();
    push(log.frames);
    return segments.find(({ independent }) => !independent)!.before;
  }

  it('needs frames from before it, and says so with the first one', () => {
    const point = middle();
    const { segmenter, push } = open(point);
    expect(segmenter.needsEarlierFrames).toBe(false);
    push([log.frames.find(({ sequence }) => sequence === point.position.sequence)!]);
    expect(segmenter.needsEarlierFrames).toBe(true);
  });

  it('waits for a keyframe when the log does not have them any more', () => {
    const point = middle();
    const segments: FinishedSegment[] = [];
    const onSegment = (segment: FinishedSegment): void => void segments.push(segment);
    const segmenter = new Segmenter(point, { settings: SETTINGS, containers: CONTAINERS, onSegment, learn: true });
    const rest = log.frames.filter(({ sequence }) => sequence >= point.position.sequence);
    for (const frame of rest) segmenter.push(frame);
    expect(segmenter).toMatchObject({ needsEarlierFrames: false, openFrames: 0, droppedFrames: rest.length });
  });
});

describe('a track that this release does not know', () => {
  const NEWER = 200;

  it('is left out, and the sound beside it takes over its places to start', () => {
    const log = audioLog();
    for (let ms = 0; ms < 10_000; ms += 20) {
      if (ms % 1_000 === 0) {
        log.newer(ms, { kind: FrameKind.video, codec: NEWER, flags: FrameFlag.configuration });
        log.configuration(FrameKind.audio, Codec.aac, AAC_CONFIG, ms * 90);
        log.newer(ms, { kind: FrameKind.video, codec: NEWER, flags: FrameFlag.keyframe });
      } else log.newer(ms, { kind: FrameKind.video, codec: NEWER, flags: 0 });
      log.sound(ms);
    }
    const whole = cutLog(log.frames);
    expect(whole.leftOut).toHaveLength(510);
    expect(new Set(whole.leftOut)).toEqual(new Set(['codec']));
    expect(whole.dropped).toBe(0);
    expect(whole.segments.map(({ durationMs }) => durationMs)).toEqual([2_000, 2_000, 2_000, 2_000, 2_000]);
    for (const [index, { before }] of whole.segments.entries()) {
      const again = cutLog(log.frames, { point: before }).segments;
      expect(again.map(({ bytes }) => Buffer.compare(bytes, whole.segments[index]!.bytes)).slice(0, 1)).toEqual([0]);
    }
  });

  it('has no say any more once there are pictures that are packaged: sound that joins them is cut alike from every resume point', () => {
    const newer = { kind: FrameKind.video, codec: NEWER };
    const log = videoLog();
    log.newer(0, { ...newer, flags: FrameFlag.configuration }).newer(0, { ...newer, flags: FrameFlag.keyframe });
    for (let ms = 400; ms <= 2_400; ms += 400) log.picture(ms, true);
    log.mp3(2_401).picture(2_427, true);
    const whole = cutLog(log.frames).segments.map(({ bytes }) => bytes);
    for (const [index, { before }] of cutLog(log.frames).segments.entries())
      expect(cutLog(log.frames, { point: before }).segments.map(({ bytes }) => bytes)).toEqual(whole.slice(index));
  });

  it.each([
    ['codec', { kind: FrameKind.video, codec: NEWER }],
    ['codec', { kind: FrameKind.audio, codec: 255 }],
    ['codec', { kind: FrameKind.audio, codec: Codec.h264 }],
    ['codec', { kind: FrameKind.data, codec: NEWER }],
    ['kind', { kind: 6, codec: Codec.none }],
    ['kind', { kind: 0, codec: Codec.none }],
    ['track', { kind: FrameKind.data, codec: Codec.none, track: 7 }],
  ])('leaves the others as they are: its %s (%j)', (reason, fields) => {
    const plain = audioVideoLog().run(0, 3_000).run(3_000, 6_000, { firstKeyMs: 4_000 });
    const log = audioVideoLog().run(0, 3_000);
    log.newer(3_000, { ...fields, flags: FrameFlag.configuration }).newer(3_000, { ...fields, flags: 0 });
    log.run(3_000, 6_000, { firstKeyMs: 4_000 });
    const { segments, dropped, leftOut } = cutLog(log.frames);
    expect([dropped, leftOut]).toEqual([0, [reason, reason]]);
    expect(segments.map(({ bytes }) => bytes)).toEqual(cutLog(plain.frames).segments.map(({ bytes }) => bytes));
  });
});

describe('keys of encrypted segments', () => {
  const settings = { ...SETTINGS, keyRotationSegments: 3 };
  const names = (segments: readonly FinishedSegment[]): string[] => segments.map(({ name }) => name);

  it('last for as many segments as the stream says, and their names say which', () => {
    const log = audioVideoLog().run(0, 14_000);
    const { segments } = cutLog(log.frames, { settings });
    expect(names(segments)).toEqual(['0.k0.ts', '1.k0.ts', '2.k0.ts', '3.k3.ts', '4.k3.ts', '5.k3.ts', '6.k6.ts']);
    expect(segments.map(({ bytes }) => bytes)).toEqual(cutLog(log.frames).segments.map(({ bytes }) => bytes));
  });

  it('go on in another packager, whose settings begin or end only what comes next', () => {
    const log = audioVideoLog().run(0, 14_000);
    const [, , , third] = cutLog(log.frames, { settings }).segments;
    const point = third!.after;
    expect(names(cutLog(log.frames, { settings, point }).segments)).toEqual(['4.k3.ts', '5.k3.ts', '6.k6.ts']);
    expect(names(cutLog(log.frames, { point }).segments)).toEqual(['4.ts', '5.ts', '6.ts']);
    const plain = cutLog(log.frames).segments[3]!.after;
    expect(names(cutLog(log.frames, { settings, point: plain }).segments)).toEqual(['4.k4.ts', '5.k4.ts', '6.k4.ts']);
  });

  it('never leave a segment plain because its container cannot be encrypted', () => {
    const containers = new Containers(framesContainer);
    const point = { ...firstPoint(), container: startOf(framesContainer) };
    const log = audioVideoLog().run(0, 4_000);
    expect(() => cutLog(log.frames, { settings, containers, point })).toThrow('cannot be encrypted');
  });

  it('begin and end with an epoch whose claim says so, and anew with a session', () => {
    const { segmenter, segments } = open();
    const epochs: readonly [number, string, number | undefined][] = [
      [2_000, SESSION, undefined],
      [3_000, SESSION, 9],
      [4_000, SESSION, undefined],
      [5_000, 'ses_00000000000000000000000002', 9],
      [6_000, 'ses_00000000000000000000000002', 0],
    ];
    for (const frame of audioVideoLog().run(0, 1_000).frames) segmenter.push(frame);
    for (const [epoch, sessionId, keyRotationSegments] of epochs) {
      const position = { epoch, sequence: 1 };
      segmenter.startEpoch({ position, sessionId, epochZeroMs: epoch, keyRotationSegments });
      for (const frame of audioVideoLog(epoch).run(0, 1_000).frames) segmenter.push(frame);
    }
    segmenter.finish({ epoch: 6_000, sequence: 1_000 });
    expect(names(segments)).toEqual(['0.ts', '1.ts', '2.k2.ts', '3.k2.ts', '4.k4.ts', '5.ts']);
  });
});
