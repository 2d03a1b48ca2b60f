import fc from 'fast-check';
import { checkMediaPlaylist, parseMediaPlaylist } from '@millrace/protocol/hls/testing';
import { describe, expect, it } from 'vitest';
import { cutLog, SETTINGS } from '../testing/cut-log.ts';
import { listSegments } from '../testing/list-segments.ts';
import { randomLog } from '../testing/random-log.ts';
import { sampleSegments } from '../testing/sample-segments.ts';
import type { SampleSegment } from '../testing/sample-segments.ts';
import {
  appendSegment,
  emptyWindow,
  firstDiscontinuitySequence,
  formatWindow,
  MAX_LISTED_SEGMENTS,
  retentionMs,
} from './playlist-window.ts';
import type { PlaylistWindow } from './playlist-window.ts';

const SESSION = 'ses_00000000000000000000000001';
const same = (count: number, sample: SampleSegment): SampleSegment[] => Array.from({ length: count }, () => sample);

function listOf(samples: readonly SampleSegment[], windowMs: number): PlaylistWindow {
  let window = emptyWindow(SESSION);
  for (const segment of sampleSegments(samples)) window = appendSegment(window, segment, windowMs);
  return window;
}

describe('which segments are listed', () => {
  it.each([
    ['as many as make up the window', same(40, { durationMs: 2_000 }), 30_000, 15],
    ['the oldest stays while the window would be short of it', same(40, { durationMs: 2_100 }), 30_000, 15],
    ['three at least', same(40, { durationMs: 4_000 }), 1, 3],
    ['three target durations at least', same(40, { durationMs: 1_000 }), 5_000, 12],
    ['not more than the limit, however short they are', same(600, { durationMs: 1 }), 30_000, MAX_LISTED_SEGMENTS],
  ])('%s', (_name, samples, windowMs, listed) => {
    const window = listOf(samples, windowMs);
    expect(window.entries).toHaveLength(listed);
    expect(window.entries.at(-1)!.mediaSequence).toBe(samples.length - 1);
    expect(window.resumePoints.map(({ mediaSequence }) => mediaSequence)).toEqual(
      window.entries.map(({ mediaSequence }) => mediaSequence),
    );
  });

  it('those of the newest session only', () => {
    const samples = [...same(3, { durationMs: 2_000 }), { durationMs: 2_000, sessionId: 'ses_2', discontinuity: true }];
    const window = listOf(samples, 30_000);
    expect(window).toMatchObject({ sessionId: 'ses_2', entries: [{ mediaSequence: 3, discontinuity: true }] });
  });
});

describe('the discontinuity sequence', () => {
  it.each([
    ['is 0 while none has left the list', [false, true, false], 100_000, 0],
    ['does not count the tag of the first segment, which players count', [false, true, false, false], 1, 0],
    ['counts a tag that has left', [false, true, false, false, false], 1, 1],
    ['counts every tag that has left', [false, true, true, false, false, false, true], 1, 2],
  ])('%s', (_name, tags, windowMs, expected) => {
    const samples = tags.map((discontinuity) => ({ durationMs: 4_000, discontinuity }));
    const head = sampleSegments(samples).at(-1)!.after;
    expect(firstDiscontinuitySequence(listOf(samples, windowMs).entries, head)).toBe(expected);
  });

  it('is that of the next segment when nothing is listed', () => {
    expect(
      firstDiscontinuitySequence([], { ...sampleSegments([{ durationMs: 1 }])[0]!.after, discontinuitySequence: 7 }),
    ).toBe(7);
  });
});

describe('the text', () => {
  const samples: SampleSegment[] = [
    { durationMs: 2_002 },
    { durationMs: 1_500, discontinuity: true },
    { durationMs: 3_999 },
  ];
  const head = sampleSegments(samples).at(-1)!.after;

  it('says what a player needs', () => {
    expect(formatWindow(listOf(samples, 30_000), head, false)).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:3',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        '#EXT-X-TARGETDURATION:4',
        '#EXT-X-MEDIA-SEQUENCE:0',
        '#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:01.000Z',
        '#EXTINF:2.002,',
        '0.ts',
        '#EXT-X-DISCONTINUITY',
        '#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:03.002Z',
        '#EXTINF:1.5,',
        '1.ts',
        '#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:04.502Z',
        '#EXTINF:3.999,',
        '2.ts',
        '',
      ].join('\n'),
    );
  });

  it('names a key where another one begins, and where segments are not encrypted any more', () => {
    const keys = [undefined, 1, 1, 3, undefined];
    let window = emptyWindow(SESSION);
    for (const [i, segment] of sampleSegments(same(5, { durationMs: 2_000 })).entries())
      window = appendSegment(window, { ...segment, keySequence: keys[i] }, 10_000);
    const tags = (listed: PlaylistWindow): string[] =>
      formatWindow(listed, head, false)
        .split('\n')
        .filter((line) => line.startsWith('#EXT-X-KEY') || line.endsWith('.ts'));
    expect(tags(window)).toEqual([
      '0.ts',
      '#EXT-X-KEY:METHOD=AES-128,URI="keys/1"',
      '1.ts',
      '2.ts',
      '#EXT-X-KEY:METHOD=AES-128,URI="keys/3"',
      '3.ts',
      '#EXT-X-KEY:METHOD=NONE',
      '4.ts',
    ]);
    expect(tags({ ...window, entries: window.entries.slice(2) })[0]).toBe('#EXT-X-KEY:METHOD=AES-128,URI="keys/1"');
  });

  it('says when nothing follows', () => {
    expect(parseMediaPlaylist(formatWindow(listOf(samples, 30_000), head, true)).endList).toBe(true);
  });

  it('promises independent segments only while all listed ones are', () => {
    const mixed = [{ durationMs: 4_000, independent: false }, ...same(5, { durationMs: 4_000 })];
    const promised = listSegments(sampleSegments(mixed), 12_000).map(({ independentSegments }) => independentSegments);
    expect(promised).toEqual([false, false, false, true, true, true]);
  });
});

describe('how long segments stay readable', () => {
  it('is the longest list that had them and their own duration', () => {
    const { entries } = listOf(same(3, { durationMs: 4_000 }), 30_000);
    expect(retentionMs(entries, 30_000, 4)).toBeGreaterThanOrEqual(30_000 + 4_000);
    expect(retentionMs(entries, 1_000, 4)).toBeGreaterThanOrEqual(12_000 + 4_000);
  });
});

describe('every list of every log', () => {
  it('follows the rules, one after another', () => {
    fc.assert(
      fc.property(randomLog, fc.integer({ min: 0, max: 20_000 }), ({ frames }, windowMs) => {
        const { segments } = cutLog(frames, { settings: { ...SETTINGS, maxSegmentMs: 6_000 } });
        const lists = listSegments(segments, windowMs);
        for (const [index, list] of lists.entries()) {
          // Dates tell the encoder's clock, which these encoders stop and set.
          const faults = checkMediaPlaylist(lists[index - 1], list).filter(({ rule }) => rule !== 'date-time-off');
          expect(faults).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
