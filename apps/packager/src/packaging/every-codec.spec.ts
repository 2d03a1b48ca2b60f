// Every codec in every container that has a place for it, with low latency and without: ffprobe reads each frame once, at its time.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Codec, isConfiguration } from '@millrace/domain';
import type { Frame, ResumePoint } from '@millrace/domain';
import type { RenditionName } from '@millrace/live-store';
import { checkMediaPlaylist, parseMediaPlaylist } from '@millrace/protocol/hls/testing';
import { cutLog, firstPoint, SETTINGS } from '../testing/cut-log.ts';
import { BBB_FLV, enhancedLog, flvLog } from '../testing/flv-log.ts';
import { LogBuilder, videoLog } from '../testing/log-builder.ts';
import type { FinishedSegment } from './finished-segment.ts';
import { lowLatencyState } from './low-latency-window.ts';
import { appendSegment, emptyWindow, formatWindow } from './playlist-window.ts';
import type { PlaylistWindow } from './playlist-window.ts';
import { describeStream } from './stream-description.ts';

const EPOCH = 1_000;
const media = (name: string): string => new URL(`../../../../media/bbb-${name}.flv`, import.meta.url).pathname;
const enhanced = (video: string | undefined, audio: string): Frame[] =>
  enhancedLog({ ...(video && { video: media(`${video}-enhanced`) }), audio: media(`${audio}-enhanced`) }, EPOCH);
/** What CMAF and MPEG-TS move all times by. */
const ORIGIN_TICKS = 900_000;

interface Probed {
  readonly streams: readonly { readonly codec_name: string; readonly width?: number; readonly sample_rate?: string }[];
  readonly packets: readonly { readonly pts: number; readonly dts: number; readonly size: string }[];
}

const probe = (input: Buffer): Probed =>
  JSON.parse(
    execFileSync('ffprobe', ['-v', 'error', '-show_streams', '-show_packets', '-of', 'json', 'pipe:0'], {
      input,
      maxBuffer: 2 ** 26,
    }).toString(),
  ) as Probed;

const renditionFile = (segments: readonly FinishedSegment[], name: RenditionName): Buffer => {
  const list = segments.flatMap(({ renditions }) => renditions?.[name] ?? []);
  return Buffer.concat([list[0]!.map.bytes, ...list.map(({ bytes }) => bytes)]);
};

const listOf = (segments: readonly FinishedSegment[]): PlaylistWindow =>
  segments.reduce(
    (window, segment) => appendSegment(window, segment, 60_000),
    emptyWindow(segments[0]!.before.sessionId),
  );

const lowLatency: ResumePoint = { ...firstPoint(EPOCH), partDurationMs: 500 };
const standard = firstPoint(EPOCH);

const mp3Log = (): Frame[] => {
  const log = videoLog(EPOCH);
  for (let ms = 0; ms < 4_000; ms += 40) log.picture(ms, ms % 2_000 === 0).mp3(ms);
  return log.frames;
};

interface Case {
  readonly log: () => Frame[];
  readonly video: string | undefined;
  readonly audio: string | undefined;
  /** What the multivariant playlist says of all, and what MPEG-TS holds of it. */
  readonly codecs: readonly string[];
  readonly segmentCodecs?: readonly string[];
}

const CASES: readonly (readonly [string, Case])[] = [
  [
    'H.264 and AAC',
    {
      log: () => flvLog(BBB_FLV, EPOCH).slice(0, 1_200),
      video: 'h264',
      audio: 'aac',
      codecs: ['avc1.64001f', 'mp4a.40.2'],
    },
  ],
  ['H.264 and MP3', { log: mp3Log, video: 'h264', audio: 'mp3', codecs: ['avc1.64001f', 'mp4a.40.34'] }],
  [
    'H.265 and AC-3',
    { log: () => enhanced('h265-aac', 'ac3'), video: 'hevc', audio: 'ac3', codecs: ['hvc1.1.6.L60.90', 'ac-3'] },
  ],
  ['E-AC-3', { log: () => enhanced(undefined, 'eac3'), video: undefined, audio: 'eac3', codecs: ['ec-3'] }],
  [
    'AV1 and Opus',
    {
      log: () => enhanced('av1-opus', 'av1-opus'),
      video: 'av1',
      audio: 'opus',
      codecs: ['av01.0.04M.08', 'Opus'],
      segmentCodecs: ['Opus'],
    },
  ],
  [
    'VP9 and FLAC',
    {
      log: () => enhanced('vp9', 'flac'),
      video: 'vp9',
      audio: 'flac',
      codecs: ['vp09.00.11.08', 'fLaC'],
      segmentCodecs: [],
    },
  ],
  [
    'FLAC',
    { log: () => enhanced(undefined, 'flac'), video: undefined, audio: 'flac', codecs: ['fLaC'], segmentCodecs: [] },
  ],
];

describe.each(CASES)('%s', (_name, { log, video, audio, codecs, segmentCodecs }) => {
  const frames = log();
  const mediaOf = (kind: number): Frame[] => frames.filter((frame) => frame.kind === kind && !isConfiguration(frame));

  it.each([
    ['with low latency', lowLatency],
    ['without', standard],
  ] as const)('%s: what viewers are told, and every frame once where it has a place', (_mode, point) => {
    const { segments, dropped } = cutLog(frames, { point });
    expect(dropped).toBe(0);
    expect(segments.map(({ skippedFrames }) => skippedFrames)).toEqual(segments.map(() => 0));
    const newest = segments.at(-1)!;
    const window = listOf(segments);
    const description = describeStream(newest, window);
    expect(description.codecs).toEqual(codecs);
    expect(description.segmentCodecs).toEqual(segmentCodecs);
    const inSegments = segmentCodecs ?? codecs;

    const hasRenditions = point.partDurationMs !== undefined || segmentCodecs !== undefined;
    expect(segments.every(({ renditions }) => (renditions !== undefined) === hasRenditions)).toBe(true);
    for (const [name, kind, codec] of hasRenditions
      ? ([
          ['video', 1, video],
          ['audio', 2, audio],
        ] as const)
      : []) {
      if (codec === undefined) continue;
      const { streams, packets } = probe(renditionFile(segments, name));
      expect(streams.map(({ codec_name }) => codec_name)).toEqual([codec]);
      expect(packets.map(({ dts, pts, size }) => [dts, pts, Number(size)])).toEqual(
        mediaOf(kind).map(({ dts90k, compositionOffset90k, payload }) => [
          dts90k + ORIGIN_TICKS,
          dts90k + compositionOffset90k + ORIGIN_TICKS,
          payload.length,
        ]),
      );
    }

    const list = parseMediaPlaylist(formatWindow(window, newest.after, true));
    expect(checkMediaPlaylist(undefined, list)).toEqual([]);
    expect(list.segments.map(({ gap = false }) => gap)).toEqual(segments.map(() => inSegments.length === 0));
    if (inSegments.length > 0) {
      const { streams } = probe(Buffer.concat(segments.map(({ bytes }) => bytes)));
      expect(streams).toHaveLength(inSegments.length);
    }
    if (segmentCodecs === undefined) return;
    // What is said of the rate is that of the media, wherever it is.
    const bytes = frames.reduce((sum, frame) => sum + (isConfiguration(frame) ? 0 : frame.payload.length), 0);
    const seconds = segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000;
    expect(description.averageBitsPerSecond / ((bytes * 8) / seconds)).toBeGreaterThan(0.98);
    expect(description.averageBitsPerSecond / ((bytes * 8) / seconds)).toBeLessThan(1.3);
  });
});

describe('a codec, and with it the size, that changes in the middle of a stream', () => {
  const CHANGE_MS = 3_000;
  const log = new LogBuilder(EPOCH);
  enhancedLog({ video: media('vp9-enhanced'), audio: media('flac-enhanced') }, EPOCH, 0, log);
  enhancedLog({ video: media('av1-opus-enhanced'), audio: media('av1-opus-enhanced') }, EPOCH, CHANGE_MS, log);
  const { segments, dropped } = cutLog(log.frames, { point: lowLatency });
  const window = listOf(segments);
  const { playlists } = lowLatencyState(window.lowLatency!, segments.at(-1)!.after, true, 1);

  it('loses no frame, and has another initialisation map behind a discontinuity in both renditions', () => {
    expect(dropped).toBe(0);
    for (const name of ['video', 'audio'] as const) {
      const list = parseMediaPlaylist(playlists[name]!.text);
      expect(checkMediaPlaylist(undefined, list).filter(({ rule }) => rule !== 'extinf-above-target')).toEqual([]);
      const withMap = list.segments.filter(({ map }) => map !== undefined);
      expect(new Set(withMap.map(({ map }) => map!.uri)).size).toBe(2);
      expect(withMap.slice(1).every(({ discontinuity, gap = false }) => discontinuity && !gap)).toBe(true);
    }
    const after = describeStream(segments.at(-1)!, window);
    expect(after.codecs).toEqual(['av01.0.04M.08', 'Opus']);
    expect(after.segmentCodecs).toEqual(['Opus']);
  });

  it('has segments that ffprobe reads with the map that is in force for them', () => {
    for (const name of ['video', 'audio'] as const) {
      const kind = name === 'video' ? 1 : 2;
      for (const codec of name === 'video' ? (['vp9', 'av1'] as const) : (['flac', 'opus'] as const)) {
        const own = segments.filter(({ tracks }) => tracks.some((track) => track.codec === Codec[codec]));
        const { streams, packets } = probe(renditionFile(own, name));
        expect(streams.map(({ codec_name }) => codec_name)).toEqual([codec]);
        const sent = log.frames.filter(
          (frame) => frame.kind === kind && frame.codec === Codec[codec] && !isConfiguration(frame),
        );
        expect(packets.map(({ size }) => Number(size))).toEqual(sent.map(({ payload }) => payload.length));
      }
    }
  });
});

describe('a codec without a place in MPEG-TS, at standard latency', () => {
  const { segments } = cutLog(enhanced('vp9', 'flac'), { point: standard });
  const window = listOf(segments);
  const { playlists } = lowLatencyState(window.lowLatency!, segments.at(-1)!.after, false, 1);

  it('is listed in segments without parts', () => {
    for (const name of ['video', 'audio'] as const) {
      const { text, parts } = playlists[name]!;
      const list = parseMediaPlaylist(text);
      expect(checkMediaPlaylist(undefined, list)).toEqual([]);
      expect(text).not.toMatch(/EXT-X-(PART|SERVER-CONTROL|PRELOAD-HINT|RENDITION-REPORT|DISCONTINUITY)/);
      // The sound is shorter than the pictures.
      expect(list.segments.map(({ gap = false }) => gap)).toEqual([false, name === 'audio']);
      expect(parts).toBe(0);
      const { uri } = list.segments[0]!.map!;
      expect(uri).toMatch(/^map-[0-9a-f]{16}\.mp4$/);
      expect(list.segments.map((segment) => segment.uri)).toEqual(segments.map((_, index) => `${name[0]}${index}.m4s`));
    }
  });

  it('is cut into the same bytes by a packager that begins at any segment', () => {
    const frames = enhanced('vp9', 'flac');
    for (const [index, { before }] of segments.entries()) {
      const again = cutLog(frames, { point: before }).segments;
      expect(again.map(({ renditions }) => renditions?.video?.bytes)).toEqual(
        segments.slice(index).map(({ renditions }) => renditions?.video?.bytes),
      );
    }
  });

  it('is left out where segments are encrypted, which renditions are not', () => {
    const settings = { ...SETTINGS, keyRotationSegments: 2 };
    const frames = enhanced('av1-opus', 'av1-opus').map((frame) =>
      frame.kind === 2 ? { ...frame, flags: frame.flags | 1 } : frame,
    );
    const { segments: encrypted } = cutLog(frames, { point: standard, settings });
    expect(encrypted.length).toBeGreaterThan(0);
    for (const { renditions, tracks } of encrypted) {
      expect(renditions).toBeUndefined();
      expect(tracks.map(({ kind }) => kind)).toEqual([2]);
    }
  });
});
