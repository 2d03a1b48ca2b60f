import { describe, expect, it } from 'vitest';
import { formatDateRange } from './date-range.ts';
import { deltaUpdate, formatMediaPlaylist, formatMultivariantPlaylist, PlaylistError } from './index.ts';
import type { MediaPlaylist } from './index.ts';
import {
  checkDelta,
  checkLowLatency,
  checkRenditionReports,
  parseMediaPlaylist,
  parseMultivariantPlaylist,
} from './testing/index.ts';

const text = (...lines: string[]): string => `#EXTM3U\n${lines.join('\n')}\n`;

/** As "Enabling Low-Latency HLS" shows one, with attributes in the order that is written here. */
const LIST = text(
  '#EXT-X-VERSION:9',
  '#EXT-X-TARGETDURATION:4',
  '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24,HOLD-BACK=12,PART-HOLD-BACK=1.5',
  '#EXT-X-PART-INF:PART-TARGET=0.5',
  '#EXT-X-MEDIA-SEQUENCE:266',
  '#EXT-X-MAP:URI="init.mp4"',
  '#EXT-X-PROGRAM-DATE-TIME:2026-11-23T22:00:00.000Z',
  '#EXTINF:4,',
  'v266.mp4',
  '#EXT-X-DISCONTINUITY',
  '#EXT-X-MAP:URI="other.mp4",BYTERANGE="700@0"',
  '#EXT-X-PROGRAM-DATE-TIME:2026-11-23T22:00:04.000Z',
  '#EXT-X-DATERANGE:ID="ad-1",CLASS="ads",START-DATE="2026-11-23T22:00:05.000Z",DURATION=15,X-WHO="us",SCTE35-OUT=0xFC30',
  '#EXT-X-PART:DURATION=0.5,URI="v267.0.mp4",INDEPENDENT=YES',
  '#EXT-X-PART:DURATION=0.3,URI="v267.1.mp4",BYTERANGE="100@20",GAP=YES',
  '#EXT-X-GAP',
  '#EXTINF:0.8,',
  'v267.mp4',
  '#EXT-X-PROGRAM-DATE-TIME:2026-11-23T22:00:04.800Z',
  '#EXT-X-PART:DURATION=0.48,URI="v268.0.mp4",INDEPENDENT=YES',
  '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="v268.1.mp4",BYTERANGE-START=0',
  '#EXT-X-RENDITION-REPORT:URI="audio.m3u8",LAST-MSN=268,LAST-PART=1',
);

describe('a playlist with parts', () => {
  const parsed = parseMediaPlaylist(LIST);

  it('is read and written again', () => {
    expect(formatMediaPlaylist(parsed)).toBe(LIST);
    expect(parsed).toMatchObject({
      partTarget: 0.5,
      serverControl: {
        canBlockReload: true,
        canSkipUntil: 24,
        holdBack: 12,
        partHoldBack: 1.5,
        canSkipDateRanges: false,
      },
      open: { parts: [{ uri: 'v268.0.mp4', duration: 0.48, independent: true }], discontinuity: false },
      preloadHints: [{ type: 'PART', uri: 'v268.1.mp4', byteRangeStart: 0 }],
      renditionReports: [{ uri: 'audio.m3u8', lastMediaSequence: 268, lastPart: 1 }],
    });
    expect(parsed.segments[1]).toMatchObject({
      gap: true,
      parts: [{ independent: true }, { gap: true, byteRange: { length: 100, offset: 20 } }],
      dateRanges: [{ id: 'ad-1', class: 'ads', duration: 15 }],
    });
    const attributes = parsed.segments[1]?.dateRanges?.[0]?.attributes;
    expect([...(attributes ?? [])]).toEqual([
      ['X-WHO', { quoted: 'us' }],
      ['SCTE35-OUT', { hexadecimal: 'FC30' }],
    ]);
  });

  it.each([
    ['parts without their target', '#EXT-X-PART-INF:PART-TARGET=0.5', '', 'hls.part-inf'],
    ['a part without a duration', '#EXT-X-PART:DURATION=0.48,', '#EXT-X-PART:', 'hls.attribute'],
    ['a hint of another type', 'TYPE=PART', 'TYPE=SEGMENT', 'hls.attribute'],
    ['a report without a number', ',LAST-MSN=268', '', 'hls.attribute'],
    [
      'date ranges that may be skipped, and segments that may not',
      'CAN-SKIP-UNTIL=24',
      'CAN-SKIP-DATERANGES=YES',
      'hls.attribute',
    ],
    [
      'two targets',
      '#EXT-X-PART-INF:PART-TARGET=0.5',
      '#EXT-X-PART-INF:PART-TARGET=0.5\n#EXT-X-PART-INF:PART-TARGET=1',
      'hls.repeated',
    ],
    [
      'a date range that ends before it starts',
      'DURATION=15,X',
      'END-DATE="2026-11-23T21:00:05.000Z",X',
      'hls.attribute',
    ],
    ['a date range that ends twice', 'DURATION=15,X', 'DURATION=15,END-ON-NEXT=YES,X', 'hls.attribute'],
    ['a skip behind a segment', '#EXT-X-DISCONTINUITY', '#EXT-X-SKIP:SKIPPED-SEGMENTS=1', 'hls.order'],
  ])('is refused with %s', (_, from, to, code) => {
    expect(LIST).toContain(from);
    expect(() => parseMediaPlaylist(LIST.replace(from, to))).toThrow(
      expect.objectContaining({ code }) as PlaylistError,
    );
  });

  it('every truncation is parsed or refused with a typed error', () => {
    for (let end = 0; end < LIST.length; end++) {
      try {
        parseMediaPlaylist(LIST.slice(0, end));
      } catch (error) {
        expect(error).toBeInstanceOf(PlaylistError);
      }
    }
  });

  it('is not written when an attribute would break out of its place', () => {
    const [first] = parsed.segments;
    const broken: MediaPlaylist = {
      ...parsed,
      segments: [{ ...first!, parts: [{ uri: 'a"b', duration: 1, independent: true }] }],
    };
    expect(() => formatMediaPlaylist(broken)).toThrow(PlaylistError);
    const range = { id: 'a', startDateMs: 0 };
    expect(() => formatDateRange({ ...range, attributes: new Map([['X-A', { quoted: '\n' }]]) })).toThrow(
      PlaylistError,
    );
    expect(() => formatDateRange({ ...range, attributes: new Map([['ID', { quoted: 'b' }]]) })).toThrow(RangeError);
    expect(() => formatDateRange({ ...range, attributes: new Map([['X-A', { hexadecimal: 'g' }]]) })).toThrow(
      RangeError,
    );
  });
});

/** Segments of 2 s from number 10 on, the second one with a discontinuity, and an open one with two parts. */
function liveList(count: number): string {
  const lines = [
    '#EXT-X-VERSION:9',
    '#EXT-X-TARGETDURATION:2',
    '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.5',
    '#EXT-X-PART-INF:PART-TARGET=0.5',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-MEDIA-SEQUENCE:10',
    '#EXT-X-DISCONTINUITY-SEQUENCE:3',
    '#EXT-X-MAP:URI="map-1.mp4"',
  ];
  for (let index = 0; index < count; index++) {
    if (index === 1) lines.push('#EXT-X-DISCONTINUITY', '#EXT-X-MAP:URI="map-2.mp4"');
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:2026-11-23T22:00:${String(2 * index).padStart(2, '0')}.000Z`);
    if (index >= count - 4)
      for (let part = 0; part < 4; part++)
        lines.push(`#EXT-X-PART:DURATION=0.5,URI="v${10 + index}.${part}.m4s"${part === 0 ? ',INDEPENDENT=YES' : ''}`);
    lines.push('#EXTINF:2,', `v${10 + index}.m4s`);
  }
  lines.push(`#EXT-X-PROGRAM-DATE-TIME:2026-11-23T22:00:${String(2 * count).padStart(2, '0')}.000Z`);
  lines.push('#EXT-X-PART:DURATION=0.5,URI="v99.0.m4s",INDEPENDENT=YES', '#EXT-X-PART:DURATION=0.5,URI="v99.1.m4s"');
  return text(...lines, '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="v99.2.m4s"');
}

describe('variables', () => {
  const DEFINES = [
    '#EXT-X-DEFINE:NAME="host",VALUE="https://cdn.example/a b"',
    '#EXT-X-DEFINE:QUERYPARAM="token"',
    '#EXT-X-DEFINE:IMPORT="base"',
  ];
  const media = text('#EXT-X-VERSION:11', ...DEFINES, '#EXT-X-TARGETDURATION:4', '#EXT-X-MEDIA-SEQUENCE:0');
  const multivariant = text('#EXT-X-VERSION:11', ...DEFINES.slice(0, 2), '#EXT-X-STREAM-INF:BANDWIDTH=1', '{$host}/a');

  it('are read and written again, in both kinds of playlist', () => {
    const defines = [{ name: 'host', value: 'https://cdn.example/a b' }, { queryParam: 'token' }, { import: 'base' }];
    expect(parseMediaPlaylist(media).defines).toEqual(defines);
    expect(formatMediaPlaylist(parseMediaPlaylist(media))).toBe(media);
    expect(parseMultivariantPlaylist(multivariant).defines).toEqual(defines.slice(0, 2));
    expect(formatMultivariantPlaylist(parseMultivariantPlaylist(multivariant))).toBe(multivariant);
  });

  it('need a version that knows them', () => {
    const playlist = { ...parseMediaPlaylist(media), version: 10 };
    expect(() => formatMediaPlaylist(playlist)).toThrow(/version 11/);
    expect(() => formatMediaPlaylist({ ...playlist, version: 7, defines: [{ import: 'a' }] })).toThrow(/version 8/);
  });

  it.each([
    '#EXT-X-DEFINE:',
    '#EXT-X-DEFINE:NAME="a"',
    '#EXT-X-DEFINE:VALUE="a"',
    '#EXT-X-DEFINE:NAME="a b",VALUE=""',
    '#EXT-X-DEFINE:NAME="",VALUE=""',
    '#EXT-X-DEFINE:NAME="a",VALUE="",IMPORT="b"',
    '#EXT-X-DEFINE:IMPORT="a",QUERYPARAM="b"',
    '#EXT-X-DEFINE:QUERYPARAM="token"',
    '#EXT-X-DEFINE:IMPORT="token"',
  ])('are refused: %s', (line) => {
    expect(() => parseMediaPlaylist(media.replace('#EXT-X-TARGET', `${line}\n#EXT-X-TARGET`))).toThrow(PlaylistError);
  });

  it('are not imported into a multivariant playlist, and have names that stay in their place', () => {
    expect(() => parseMultivariantPlaylist(multivariant.replace('QUERYPARAM', 'IMPORT'))).toThrow(/IMPORT/);
    expect(() => formatMediaPlaylist({ ...parseMediaPlaylist(media), defines: [{ import: 'a"\n' }] })).toThrow(
      PlaylistError,
    );
  });
});

describe('the cue of a date range', () => {
  const range = '#EXT-X-DATERANGE:ID="a",START-DATE="2026-11-23T22:00:05.000Z",CUE="PRE,ONCE"';
  const list = text('#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:4', '#EXT-X-MEDIA-SEQUENCE:0', range, '#EXTINF:4,', 'a');

  it('is read and written again, and refused when it is none', () => {
    expect(parseMediaPlaylist(list).segments[0]!.dateRanges).toMatchObject([{ id: 'a', cue: ['PRE', 'ONCE'] }]);
    expect(formatMediaPlaylist(parseMediaPlaylist(list))).toBe(list);
    for (const wrong of ['PRE,POST', 'ONCE,ONCE', 'NEVER', ''])
      expect(() => parseMediaPlaylist(list.replace('PRE,ONCE', wrong))).toThrow(PlaylistError);
  });
});

describe('a delta update', () => {
  it('leaves out what ends before the skip boundary, and keeps numbers, discontinuities and the map in force', () => {
    const delta = parseMediaPlaylist(deltaUpdate(liveList(10)));
    // 20 s of segments and 1 s of parts: the boundary is 12 s before the end, so six segments (11 + 2 s) stay.
    expect(delta.skip).toEqual({ skippedSegments: 4 });
    expect(delta).toMatchObject({ version: 9, mediaSequence: 10, discontinuitySequence: 3 });
    expect(delta.segments.map(({ uri }) => uri)).toEqual([
      'v14.m4s',
      'v15.m4s',
      'v16.m4s',
      'v17.m4s',
      'v18.m4s',
      'v19.m4s',
    ]);
    expect(delta.segments.map(({ map }) => map?.uri)).toEqual(['map-2.mp4', ...Array<undefined>(5)]);
    const whole = parseMediaPlaylist(liveList(10));
    expect(delta.open).toEqual(whole.open);
    expect(delta.preloadHints).toEqual(whole.preloadHints);
  });

  it('keeps the date ranges of what it leaves out', () => {
    const range = '#EXT-X-DATERANGE:ID="a",START-DATE="2026-11-23T22:00:05.000Z",SCTE35-OUT=0xFC';
    const delta = deltaUpdate(liveList(10).replace('v11.m4s', `v11.m4s\n${range}`));
    expect(delta.split('\n').filter((line) => line === range)).toHaveLength(1);
    expect(parseMediaPlaylist(delta).segments[0]!.dateRanges).toMatchObject([{ id: 'a' }]);
  });

  it('keeps a discontinuity that is not skipped', () => {
    const delta = parseMediaPlaylist(deltaUpdate(liveList(8).replace('v16.m4s', 'v16.m4s\n#EXT-X-DISCONTINUITY')));
    expect(delta.segments.map(({ discontinuity }) => discontinuity)).toEqual([false, false, false, false, false, true]);
  });

  it('is the whole list where nothing is gained, nothing may be skipped or the stream has ended', () => {
    for (const list of [liveList(7), liveList(10).replace('CAN-SKIP-UNTIL=12,', ''), `${liveList(10)}#EXT-X-ENDLIST\n`])
      expect(deltaUpdate(list)).toBe(list);
  });
});

describe('rules for a playlist with parts', () => {
  const rulesOf = (list: string, previous?: string): string[] =>
    checkLowLatency(previous === undefined ? undefined : parseMediaPlaylist(previous), parseMediaPlaylist(list)).map(
      ({ rule }) => rule,
    );
  const good = liveList(7);

  it('hold for a good one, and for the next one', () => {
    expect(rulesOf(good)).toEqual([]);
    const next = good.replace(
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="v99.2.m4s"',
      '#EXT-X-PART:DURATION=0.5,URI="v99.2.m4s"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="v99.3.m4s"',
    );
    expect(rulesOf(next, good)).toEqual([]);
  });

  it.each([
    ['server-control-missing', 'CAN-BLOCK-RELOAD=YES,', ''],
    ['hold-back-too-short', ',HOLD-BACK=6', ',HOLD-BACK=5'],
    ['part-hold-back-too-short', 'PART-HOLD-BACK=1.5', 'PART-HOLD-BACK=1.2'],
    ['can-skip-until-too-short', 'CAN-SKIP-UNTIL=12', 'CAN-SKIP-UNTIL=11'],
    ['part-above-target', 'DURATION=0.5,URI="v99.1', 'DURATION=0.6,URI="v99.1'],
    ['part-below-target', 'DURATION=0.5,URI="v99.1', 'DURATION=0.4,URI="v99.1'],
    ['part-listed-twice', 'v99.1.m4s', 'v99.0.m4s'],
    ['hint-is-listed', 'URI="v99.2.m4s"', 'URI="v99.1.m4s"'],
    ['hint-missing', '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="v99.2.m4s"\n', ''],
    ['hint-after-end', '#EXT-X-PRELOAD-HINT', '#EXT-X-ENDLIST\n#EXT-X-PRELOAD-HINT'],
    ['parts-differ-from-segment', '#EXTINF:2,\nv16.m4s', '#EXTINF:1.5,\nv16.m4s'],
    ['part-not-independent', 'v16.0.m4s",INDEPENDENT=YES', 'v16.0.m4s"'],
    ['open-date-off', '22:00:14.000Z', '22:00:14.500Z'],
    ['map-missing', '#EXT-X-MAP:URI="map-1.mp4"\n', ''],
    ['parts-too-old', '#EXTINF:2,\nv10.m4s', '#EXT-X-PART:DURATION=2,URI="v10.0.m4s"\n#EXTINF:2,\nv10.m4s'],
  ])('%s', (rule, from, to) => {
    expect(good).toContain(from);
    expect(rulesOf(good.replace(from, to))).toContain(rule);
  });

  it('parts-missing and date-missing', () => {
    const without = (tag: string): string => good.replaceAll(new RegExp(`#EXT-X-${tag}:.*\\n`, 'g'), '');
    expect(rulesOf(without('PART(?=:.*v16)'))).toEqual(['parts-missing']);
    expect(rulesOf(without('PROGRAM-DATE-TIME'))).toEqual(['date-missing']);
  });

  it.each([
    ['part-changed', 'DURATION=0.5,URI="v99.1', 'DURATION=0.49,URI="v99.1'],
    ['part-vanished', '#EXT-X-PART:DURATION=0.5,URI="v99.1.m4s"\n', ''],
    ['part-target-changed', 'PART-TARGET=0.5', 'PART-TARGET=0.51'],
    ['hint-not-kept', 'URI="v99.2.m4s"', 'URI="v99.7.m4s"'],
  ])('from one load to the next: %s', (rule, from, to) => {
    expect(rulesOf(good.replace(from, to), good)).toContain(rule);
  });
});

describe('rules for a delta update', () => {
  const previous = parseMediaPlaylist(liveList(9));
  const whole = liveList(10);
  const rulesOf = (text: string, before = previous): string[] =>
    checkDelta(before, parseMediaPlaylist(text), parseMediaPlaylist(whole)).map(({ rule }) => rule);

  it('hold for what is sent: with what a player has, it is the whole playlist', () => {
    expect(deltaUpdate(whole)).toContain('#EXT-X-SKIP:SKIPPED-SEGMENTS=4');
    expect(rulesOf(deltaUpdate(whole))).toEqual([]);
    expect(rulesOf(whole)).toEqual([]);
  });

  it.each([
    ['skip-not-offered', 'CAN-SKIP-UNTIL=12,', ''],
    ['skip-too-much', '#EXTINF:2,\nv14.m4s', '#EXTINF:0.5,\nv14.m4s'],
    ['skip-unknown', 'MEDIA-SEQUENCE:10', 'MEDIA-SEQUENCE:9'],
    ['skip-unknown', 'SKIPPED-SEGMENTS=4', 'SKIPPED-SEGMENTS=10'],
    ['delta-differs', 'SKIPPED-SEGMENTS=4', 'SKIPPED-SEGMENTS=3'],
    ['delta-differs', 'map-2.mp4', 'map-1.mp4'],
    ['delta-differs', 'DISCONTINUITY-SEQUENCE:3', 'DISCONTINUITY-SEQUENCE:4'],
    ['delta-differs', 'v15.m4s', 'v15.m4s\n#EXT-X-DISCONTINUITY'],
  ])('%s: %s', (rule, from, to) => {
    const delta = deltaUpdate(whole);
    expect(delta).toContain(from);
    expect(rulesOf(delta.replace(from, to))).toContain(rule);
  });
});

describe('rules for rendition reports', () => {
  const report = (uri: string, msn: number, part?: number): string =>
    `#EXT-X-RENDITION-REPORT:URI="${uri}",LAST-MSN=${msn}${part === undefined ? '' : `,LAST-PART=${part}`}\n`;
  const rulesOf = (ofVideo: string, ofAudio: string): string[] =>
    checkRenditionReports(
      new Map([
        ['video.m3u8', parseMediaPlaylist(liveList(7) + ofAudio)],
        ['audio.m3u8', parseMediaPlaylist(liveList(7).replaceAll(/#EXT-X-PART:.*v99.*\n/g, '') + ofVideo)],
      ]),
    ).map(({ rule }) => rule);

  it('hold where each says where the other one ends: in the open segment, or at the last whole one', () => {
    expect(rulesOf(report('video.m3u8', 17, 1), report('audio.m3u8', 16, 3))).toEqual([]);
  });

  it.each([
    ['report-missing', '', report('audio.m3u8', 16, 3)],
    ['report-wrong', report('video.m3u8', 17, 0), report('audio.m3u8', 16, 3)],
    ['report-wrong', report('video.m3u8', 17, 1), report('audio.m3u8', 17, 0)],
    ['report-wrong', report('video.m3u8', 17, 1), report('audio.m3u8', 16)],
  ])('%s', (rule, ofVideo, ofAudio) => {
    expect(rulesOf(ofVideo, ofAudio)).toEqual([rule]);
  });
});

describe('a multivariant playlist of the second edition', () => {
  const LIST_OF_VARIANTS = text(
    '#EXT-X-VERSION:9',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="main",URI="audio.m3u8",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",STABLE-RENDITION-ID="a1"',
    '#EXT-X-STREAM-INF:BANDWIDTH=1000000,CODECS="avc1.640028,mp4a.40.2",VIDEO-RANGE=SDR,SCORE=2,STABLE-VARIANT-ID="v1",AUDIO="a"',
    'video.m3u8',
  );

  it('is read and written again', () => {
    const parsed = parseMultivariantPlaylist(LIST_OF_VARIANTS);
    expect(formatMultivariantPlaylist(parsed)).toBe(LIST_OF_VARIANTS);
    expect(parsed.variants[0]).toMatchObject({ videoRange: 'SDR', score: 2, stableVariantId: 'v1' });
  });
});
