// What encoders say of colours beside the bit stream, in frames of its own: players find it in CMAF, as ffprobe reads it, and in what they choose by.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Codec, FrameFlag, FrameKind, isConfiguration, isKeyframe } from '@millrace/domain';
import type { Frame, ResumePoint } from '@millrace/domain';
import { encodeColorInfo } from '@millrace/protocol/flv';
import type { ColorInfo } from '@millrace/protocol/flv';
import { describe, expect, it } from 'vitest';
import { cutLog, firstPoint } from '../testing/cut-log.ts';
import { BBB_FLV, enhancedLog, flvLog } from '../testing/flv-log.ts';
import { multitrackLog } from '../testing/multitrack-log.ts';
import type { FinishedSegment } from './finished-segment.ts';
import { appendSegment, emptyWindow } from './playlist-window.ts';
import { describeStream } from './stream-description.ts';

const EPOCH = 1_000;
const lowLatency: ResumePoint = { ...firstPoint(EPOCH), partDurationMs: 500 };
const media = (name: string): string => new URL(`../../../../media/bbb-${name}.flv`, import.meta.url).pathname;

/** A display with the colours of DCI-P3, as encoders for HDR10 say. */
const HDR10: ColorInfo = {
  colorConfig: { bitDepth: 10, colorPrimaries: 9, transferCharacteristics: 16, matrixCoefficients: 9 },
  hdrCll: { maxFall: 400, maxCLL: 1_000 },
  hdrMdcv: {
    redX: 0.68,
    redY: 0.32,
    greenX: 0.265,
    greenY: 0.69,
    blueX: 0.15,
    blueY: 0.06,
    whitePointX: 0.3127,
    whitePointY: 0.329,
    maxLuminance: 1_000,
    minLuminance: 0.0001,
  },
};

/** The log of an encoder that says this of a track from a time on: behind each configuration of its pictures. */
function withColours(frames: readonly Frame[], infoAt: (ms: number) => ColorInfo | undefined, track = 0): Frame[] {
  let sequence = 0;
  return frames.flatMap((frame) => {
    const own = { ...frame, sequence: ++sequence };
    const info = infoAt(frame.dts90k / 90);
    const isRecord = frame.kind === FrameKind.video && isConfiguration(frame) && (frame.track ?? 0) === track;
    if (!isRecord || info === undefined) return [own];
    const common = { epoch: frame.epoch, sequence: ++sequence, dts90k: frame.dts90k, compositionOffset90k: 0, track };
    const payload = encodeColorInfo(info);
    return [own, { ...common, kind: FrameKind.colour, codec: Codec.none, flags: FrameFlag.configuration, payload }];
  });
}

interface ProbedStream {
  readonly side_data_list?: readonly Record<string, unknown>[];
}

function probe(segments: readonly FinishedSegment[], name: 'video' | 'video1' = 'video'): ProbedStream {
  const list = segments.flatMap(({ renditions }) => renditions?.[name] ?? []);
  const input = Buffer.concat([list[0]!.map.bytes, ...list.map(({ bytes }) => bytes)]);
  // It stops reading once it knows.
  const { stdout } = spawnSync('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', 'pipe:0'], { input });
  return (JSON.parse(stdout.toString()) as { streams: ProbedStream[] }).streams[0]!;
}

function descriptionOf(segments: readonly FinishedSegment[]) {
  let window = emptyWindow(segments[0]!.before.sessionId);
  for (const segment of segments) window = appendSegment(window, segment, 60_000);
  return describeStream(segments.at(-1)!, window);
}

const mapsOf = (segments: readonly FinishedSegment[]): (string | undefined)[] =>
  segments.map(({ renditions }) => renditions?.video?.map.name);

describe.each([
  ['H.264', () => flvLog(BBB_FLV, EPOCH).filter(({ dts90k }) => dts90k < 6 * 90_000)],
  ['H.265', () => enhancedLog({ video: media('h265-aac-enhanced') }, EPOCH)],
  ['AV1', () => enhancedLog({ video: media('av1-opus-enhanced') }, EPOCH)],
  ['VP9', () => enhancedLog({ video: media('vp9-enhanced') }, EPOCH)],
])('%s', (_name, log) => {
  it('has what its encoder says of HDR in CMAF, and is named by its range', () => {
    const { segments, dropped, leftOut } = cutLog(
      withColours(log(), () => HDR10),
      { point: lowLatency },
    );
    expect([dropped, leftOut]).toEqual([0, []]);
    // ffprobe says of some codecs what the bit stream leaves open.
    const map = Buffer.from(segments[0]!.renditions!.video!.map.bytes);
    expect(map.toString('hex')).toContain(`${Buffer.from('colrnclx').toString('hex')}00090010000900`);
    expect(probe(segments).side_data_list).toEqual([
      expect.objectContaining({
        side_data_type: 'Mastering display metadata',
        red_x: '34000/50000',
        green_y: '34500/50000',
        blue_x: '7500/50000',
        white_point_y: '16450/50000',
        max_luminance: '10000000/10000',
        min_luminance: '1/10000',
      }),
      expect.objectContaining({ side_data_type: 'Content light level metadata', max_content: 1_000, max_average: 400 }),
    ]);
    expect(descriptionOf(segments).videoRange).toBe('PQ');
    expect(descriptionOf(segments).renditions?.find(({ name }) => name === 'video')?.videoRange).toBe('PQ');
  });

  it('is as without, byte for byte, where nothing is said but the depth of bits', () => {
    const plain = cutLog(log(), { point: lowLatency }).segments;
    const { segments } = cutLog(
      withColours(log(), () => ({ colorConfig: { bitDepth: 8 } })),
      { point: lowLatency },
    );
    const filesOf = ({ renditions }: FinishedSegment): unknown =>
      [renditions!.video!.map.bytes, renditions!.video!.bytes].map((bytes) =>
        createHash('sha1').update(bytes).digest('hex'),
      );
    expect(segments.map(filesOf)).toEqual(plain.map(filesOf));
  });
});

describe('colours that change in the middle of a stream', () => {
  const frames = withColours(flvLog(BBB_FLV, EPOCH), (ms) => (ms < 9_000 ? undefined : ms < 19_000 ? HDR10 : {}));
  const { segments, dropped } = cutLog(frames, { point: lowLatency });

  it('begin at a keyframe, with another initialisation map behind a discontinuity, and are taken back alike', () => {
    expect(dropped).toBe(0);
    expect(segments.filter(({ before }) => before.discontinuity)).toHaveLength(2);
    const maps = mapsOf(segments);
    const changes = maps.flatMap((map, index) => (index > 0 && map !== maps[index - 1] ? [index] : []));
    expect(changes.map((index) => segments[index]!.before.discontinuity)).toEqual([true, true]);
    expect(maps.at(-1)).toBe(maps[0]);
    const [from, to] = changes as [number, number];
    expect(probe(segments.slice(from, to)).side_data_list).toHaveLength(2);
    expect(probe(segments.slice(to)).side_data_list).toBeUndefined();
  });

  it('are the same from every resume point', () => {
    for (const [index, { before }] of segments.entries())
      expect(mapsOf(cutLog(frames, { point: before }).segments)).toEqual(mapsOf(segments).slice(index));
  });
});

it('colours of a further track are those of its rendition', () => {
  const frames = withColours(multitrackLog(EPOCH), () => HDR10, 1);
  const { segments, dropped } = cutLog(frames, { point: lowLatency });
  expect(dropped).toBe(0);
  expect(probe(segments, 'video1').side_data_list).toHaveLength(2);
  expect(probe(segments, 'video').side_data_list).toBeUndefined();
  const ranges = descriptionOf(segments).renditions!.map(({ name, videoRange }) => [name, videoRange]);
  expect(ranges).toContainEqual(['video1', 'PQ']);
  expect(ranges).toContainEqual(['video', undefined]);
});

it('what cannot be understood is dropped, and changes nothing', () => {
  const frames = withColours(flvLog(BBB_FLV, EPOCH), () => HDR10).map((frame) =>
    frame.kind === FrameKind.colour ? { ...frame, payload: Buffer.from('no AMF') } : frame,
  );
  const { segments, dropped } = cutLog(frames, { point: lowLatency });
  expect(dropped).toBe(frames.filter(({ kind }) => kind === FrameKind.colour).length);
  expect(new Set(mapsOf(segments)).size).toBe(1);
  expect(segments.every(({ before }) => !before.discontinuity)).toBe(true);
  expect(segments.reduce((sum, { videoFrames }) => sum + videoFrames, 0)).toBe(
    frames.filter((frame) => frame.kind === FrameKind.video && !isConfiguration(frame)).length,
  );
  expect(frames.filter(isKeyframe).length).toBeGreaterThan(10);
});
