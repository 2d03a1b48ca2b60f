import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MediaPlaylist, MediaSegment } from './index.ts';
import { formatMediaPlaylist, PlaylistError } from './index.ts';
import { parseMediaPlaylist, requiredVersion } from './testing/index.ts';
import { mediaPlaylist as playlist, mediaSegment as segment } from './testing/playlists.ts';

const text = (...lines: string[]): string => `#EXTM3U\n${lines.join('\n')}\n`;

/** RFC 8216: each list as text and as values. */
const CASES: readonly [string, string, MediaPlaylist][] = [
  [
    'section 8.1, a simple list, with its number written out',
    text(
      '#EXT-X-VERSION:3',
      '#EXT-X-TARGETDURATION:5220',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXTINF:5219.2,',
      'http://media.example.com/entire.ts',
      '#EXT-X-ENDLIST',
    ),
    playlist({
      targetDuration: 5220,
      endList: true,
      segments: [segment('http://media.example.com/entire.ts', { duration: 5219.2 })],
    }),
  ],
  [
    'section 8.2, a live list',
    text(
      '#EXT-X-VERSION:3',
      '#EXT-X-TARGETDURATION:8',
      '#EXT-X-MEDIA-SEQUENCE:2680',
      '#EXTINF:7.975,',
      'https://priv.example.com/fileSequence2680.ts',
      '#EXTINF:7.941,',
      'https://priv.example.com/fileSequence2681.ts',
    ),
    playlist({
      targetDuration: 8,
      mediaSequence: 2680,
      segments: [
        segment('https://priv.example.com/fileSequence2680.ts', { duration: 7.975 }),
        segment('https://priv.example.com/fileSequence2681.ts', { duration: 7.941 }),
      ],
    }),
  ],
  [
    'section 8.3, encrypted segments',
    text(
      '#EXT-X-VERSION:3',
      '#EXT-X-TARGETDURATION:15',
      '#EXT-X-MEDIA-SEQUENCE:7794',
      '#EXT-X-KEY:METHOD=AES-128,URI="https://priv.example.com/key.php?r=52"',
      '#EXTINF:2.833,',
      'http://media.example.com/fileSequence52-A.ts',
      '#EXT-X-KEY:METHOD=NONE',
      '#EXTINF:15,',
      'http://media.example.com/fileSequence53-A.ts',
    ),
    playlist({
      targetDuration: 15,
      mediaSequence: 7794,
      segments: [
        segment('http://media.example.com/fileSequence52-A.ts', {
          duration: 2.833,
          keys: [
            {
              method: 'AES-128',
              uri: 'https://priv.example.com/key.php?r=52',
              iv: undefined,
              keyFormat: undefined,
              keyFormatVersions: undefined,
            },
          ],
        }),
        segment('http://media.example.com/fileSequence53-A.ts', {
          duration: 15,
          keys: [{ method: 'NONE', uri: undefined, iv: undefined, keyFormat: undefined, keyFormatVersions: undefined }],
        }),
      ],
    }),
  ],
  [
    'everything that a live stream of this server has',
    text(
      '#EXT-X-VERSION:3',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-MEDIA-SEQUENCE:41',
      '#EXT-X-DISCONTINUITY-SEQUENCE:3',
      '#EXT-X-PROGRAM-DATE-TIME:2026-11-23T22:00:00.000Z',
      '#EXTINF:2,',
      '41.ts',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-PROGRAM-DATE-TIME:2026-11-23T22:00:07.250Z',
      '#EXTINF:1.967,a title',
      '42.ts',
    ),
    playlist({
      independentSegments: true,
      targetDuration: 2,
      mediaSequence: 41,
      discontinuitySequence: 3,
      segments: [
        segment('41.ts', { duration: 2, programDateTimeMs: Date.UTC(2026, 10, 23, 22) }),
        segment('42.ts', {
          duration: 1.967,
          title: 'a title',
          discontinuity: true,
          programDateTimeMs: Date.UTC(2026, 10, 23, 22, 0, 7, 250),
        }),
      ],
    }),
  ],
  [
    'byte ranges, a map, a start point and unknown tags',
    text(
      '#EXT-X-VERSION:6',
      '#EXT-X-START:TIME-OFFSET=-4.5,PRECISE=YES',
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXT-X-PLAYLIST-TYPE:VOD',
      '#EXT-X-MAP:URI="init.mp4",BYTERANGE="720@0"',
      '#EXT-X-DATERANGE:ID="ad",START-DATE="2026-01-01T00:00:00.000Z"',
      '#EXTINF:4,',
      '#EXT-X-BYTERANGE:1000@720',
      'all.mp4',
      '#EXTINF:4,',
      '#EXT-X-BYTERANGE:2000',
      'all.mp4',
      '#EXT-X-FROM-THE-FUTURE',
      '#EXT-X-ENDLIST',
    ),
    playlist({
      version: 6,
      start: { timeOffset: -4.5, precise: true },
      targetDuration: 4,
      playlistType: 'VOD',
      endList: true,
      segments: [
        segment('all.mp4', {
          duration: 4,
          byteRange: { length: 1000, offset: 720 },
          map: { uri: 'init.mp4', byteRange: { length: 720, offset: 0 } },
          dateRanges: [{ id: 'ad', startDateMs: Date.UTC(2026, 0, 1) }],
        }),
        segment('all.mp4', { duration: 4, byteRange: { length: 2000, offset: undefined } }),
      ],
      otherTags: ['#EXT-X-FROM-THE-FUTURE'],
    }),
  ],
  [
    'I-frames only',
    text(
      '#EXT-X-VERSION:4',
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXT-X-PLAYLIST-TYPE:EVENT',
      '#EXT-X-I-FRAMES-ONLY',
    ),
    playlist({ version: 4, targetDuration: 2, playlistType: 'EVENT', iFramesOnly: true }),
  ],
  [
    'no segments and version 1',
    text('#EXT-X-TARGETDURATION:0', '#EXT-X-MEDIA-SEQUENCE:0'),
    playlist({ version: 1, targetDuration: 0 }),
  ],
];

describe('media playlist', () => {
  it('takes a byte range without offset behind one of the same resource', () => {
    const lines = text(
      '#EXT-X-TARGETDURATION:1',
      '#EXTINF:1,',
      '#EXT-X-BYTERANGE:5@10',
      'a',
      '#EXTINF:1,',
      '#EXT-X-BYTERANGE:6',
      'a',
      '#EXTINF:1,',
      '#EXT-X-BYTERANGE:7',
      'a',
    );
    expect(parseMediaPlaylist(lines).segments.map(({ byteRange }) => byteRange)).toEqual([
      { length: 5, offset: 10 },
      { length: 6, offset: undefined },
      { length: 7, offset: undefined },
    ]);
  });

  it.each(CASES)('%s is parsed', (_name, lines, expected) => {
    expect(parseMediaPlaylist(lines)).toEqual(expected);
  });

  it.each(CASES)('%s is formatted', (_name, expected, values) => {
    expect(formatMediaPlaylist(values)).toBe(expected);
  });

  it.each<[string, string]>([
    ['CR LF', CASES[3]![1].replaceAll('\n', '\r\n')],
    ['empty lines and comments', CASES[3]![1].replaceAll('\n', '\n\n# a comment\n')],
    ['no line break at the end', CASES[3]![1].trimEnd()],
  ])('with %s is the same', (_name, lines) => {
    expect(parseMediaPlaylist(lines)).toEqual(CASES[3]![2]);
  });

  it.each<[string, string, number]>([
    ['with the offset of a zone', '2026-11-23T23:30:00.5+01:30', Date.UTC(2026, 10, 23, 22, 0, 0, 500)],
    ['with nanoseconds', '2026-11-23T22:00:00.000999999Z', Date.UTC(2026, 10, 23, 22)],
  ])('takes a date %s', (_name, date, expected) => {
    const lines = text('#EXT-X-TARGETDURATION:1', `#EXT-X-PROGRAM-DATE-TIME:${date}`, '#EXTINF:1', 'a.ts');
    expect(parseMediaPlaylist(lines).segments[0]?.programDateTimeMs).toBe(expected);
  });

  it('is parsed up to any line, or refused with a typed error', () => {
    for (const [, lines] of CASES) {
      for (let length = 0; length < lines.length; length++) {
        try {
          parseMediaPlaylist(lines.slice(0, length));
        } catch (error) {
          expect(error).toBeInstanceOf(PlaylistError);
        }
      }
    }
  });

  it.each<[string, string[], string, number]>([
    ['something before the header', ['# hello', '#EXTM3U'], 'hls.no-header', 1],
    ['a byte order mark', ['\ufeff#EXTM3U'], 'hls.no-header', 1],
    ['nothing', [''], 'hls.no-header', 1],
    ['no target duration', ['#EXTM3U', '#EXTINF:1,', 'a.ts'], 'hls.target-duration', 0],
    ['two target durations', ['#EXTM3U', '#EXT-X-TARGETDURATION:1', '#EXT-X-TARGETDURATION:2'], 'hls.repeated', 3],
    ['a target duration with a fraction', ['#EXTM3U', '#EXT-X-TARGETDURATION:1.5'], 'hls.integer', 2],
    ['a target duration below 0', ['#EXTM3U', '#EXT-X-TARGETDURATION:-1'], 'hls.integer', 2],
    ['a sequence above what numbers hold', ['#EXTM3U', '#EXT-X-MEDIA-SEQUENCE:18446744073709551615'], 'hls.integer', 2],
    ['a URI without duration', ['#EXTM3U', '#EXT-X-TARGETDURATION:1', 'a.ts'], 'hls.extinf', 3],
    ['a duration without URI', ['#EXTM3U', '#EXT-X-TARGETDURATION:1', '#EXTINF:1,'], 'hls.extinf', 0],
    ['two durations for a URI', ['#EXTM3U', '#EXTINF:1,', '#EXTINF:1,', 'a.ts'], 'hls.repeated', 3],
    ['a duration that is no number', ['#EXTM3U', '#EXTINF:abc,'], 'hls.extinf', 2],
    ['a duration below 0', ['#EXTM3U', '#EXTINF:-1,'], 'hls.extinf', 2],
    ['a sequence behind a segment', ['#EXTM3U', '#EXTINF:1,', 'a.ts', '#EXT-X-MEDIA-SEQUENCE:1'], 'hls.order', 4],
    [
      'a discontinuity sequence behind a discontinuity',
      ['#EXTM3U', '#EXT-X-DISCONTINUITY', '#EXT-X-DISCONTINUITY-SEQUENCE:1'],
      'hls.order',
      3,
    ],
    ['version 0', ['#EXTM3U', '#EXT-X-VERSION:0'], 'hls.version', 2],
    ['another type', ['#EXTM3U', '#EXT-X-PLAYLIST-TYPE:LIVE'], 'hls.type', 2],
    ['a date without zone', ['#EXTM3U', '#EXT-X-PROGRAM-DATE-TIME:2026-11-23T22:00:00'], 'hls.date-time', 2],
    ['the 32nd', ['#EXTM3U', '#EXT-X-PROGRAM-DATE-TIME:2026-11-32T22:00:00Z'], 'hls.date-time', 2],
    ['a byte range of nothing', ['#EXTM3U', '#EXT-X-BYTERANGE:@0'], 'hls.byte-range', 2],
    [
      'a byte range without offset and without a segment before',
      ['#EXTM3U', '#EXTINF:1,', '#EXT-X-BYTERANGE:5', 'a'],
      'hls.byte-range',
      4,
    ],
    [
      'a byte range without offset behind a whole resource',
      ['#EXTM3U', '#EXTINF:1,', 'a', '#EXTINF:1,', '#EXT-X-BYTERANGE:5', 'a'],
      'hls.byte-range',
      6,
    ],
    [
      'a byte range without offset behind one of another resource',
      ['#EXTM3U', '#EXTINF:1,', '#EXT-X-BYTERANGE:5@0', 'a', '#EXTINF:1,', '#EXT-X-BYTERANGE:5', 'b'],
      'hls.byte-range',
      7,
    ],
    ['a duration that no number holds', ['#EXTM3U', `#EXTINF:${'9'.repeat(400)},`], 'hls.extinf', 2],
    [
      'a start point that no number holds',
      ['#EXTM3U', `#EXT-X-START:TIME-OFFSET=-${'9'.repeat(400)}`],
      'hls.attribute',
      2,
    ],
    ['two ends', ['#EXTM3U', '#EXT-X-ENDLIST', '#EXT-X-ENDLIST'], 'hls.repeated', 3],
    ['I-frames only twice', ['#EXTM3U', '#EXT-X-I-FRAMES-ONLY', '#EXT-X-I-FRAMES-ONLY'], 'hls.repeated', 3],
    [
      'independent segments twice',
      ['#EXTM3U', '#EXT-X-INDEPENDENT-SEGMENTS', '#EXT-X-INDEPENDENT-SEGMENTS'],
      'hls.repeated',
      3,
    ],
    ['two start points', ['#EXTM3U', '#EXT-X-START:TIME-OFFSET=1', '#EXT-X-START:TIME-OFFSET=1'], 'hls.repeated', 3],
    ['two versions', ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-VERSION:3'], 'hls.repeated', 3],
    ['two sequences', ['#EXTM3U', '#EXT-X-MEDIA-SEQUENCE:3', '#EXT-X-MEDIA-SEQUENCE:3'], 'hls.repeated', 3],
    ['two types', ['#EXTM3U', '#EXT-X-PLAYLIST-TYPE:VOD', '#EXT-X-PLAYLIST-TYPE:VOD'], 'hls.repeated', 3],
    [
      'an initialization vector of more than 128 bits',
      ['#EXTM3U', `#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x${'0'.repeat(33)}`],
      'hls.attribute',
      2,
    ],
    ['a map without URI', ['#EXTM3U', '#EXT-X-MAP:BYTERANGE="1@0"'], 'hls.attribute', 2],
    ['a key without URI', ['#EXTM3U', '#EXT-X-KEY:METHOD=AES-128'], 'hls.attribute', 2],
    ['no key with a URI', ['#EXTM3U', '#EXT-X-KEY:METHOD=NONE,URI="k"'], 'hls.attribute', 2],
    ['a start point without time', ['#EXTM3U', '#EXT-X-START:PRECISE=YES'], 'hls.attribute', 2],
    ['a tag of multivariant playlists', ['#EXTM3U', '#EXT-X-STREAM-INF:BANDWIDTH=1'], 'hls.kind', 2],
    ['a control character', ['#EXTM3U', 'a\u0007.ts'], 'hls.control-character', 2],
    ['a lone carriage return', ['#EXTM3U', 'a\rb'], 'hls.control-character', 2],
    ['more lines than a day has', ['#EXTM3U', ...new Array<string>(131_072).fill('')], 'hls.too-many-lines', 0],
    ['more characters than any list', ['#EXTM3U', 'a'.repeat(8 * 1024 * 1024)], 'hls.too-large', 0],
  ])('with %s is refused, with the line', (_name, lines, code, line) => {
    expect(() => parseMediaPlaylist(lines.join('\n'))).toThrow(expect.objectContaining({ code, line }) as Error);
  });

  it('comes back from any values', () => {
    const line = fc.string({
      unit: fc.constantFrom('a', 'Z', '9', '/', '?', '=', ',', '"', '-', '.', 'é', '🎬'),
      minLength: 1,
    });
    const range = fc.record({ length: fc.nat(), offset: fc.option(fc.nat(), { nil: undefined }) });
    const oneSegment = fc.record({
      uri: line,
      duration: fc.nat(60_000_000).map((micros) => micros / 1e6),
      title: line,
      byteRange: fc.option(range, { nil: undefined }),
      discontinuity: fc.boolean(),
      programDateTimeMs: fc.option(fc.nat(), { nil: undefined }),
      map: fc.option(fc.record({ uri: fc.webUrl(), byteRange: fc.option(range, { nil: undefined }) }), {
        nil: undefined,
      }),
    });
    const values = fc.record({
      targetDuration: fc.nat(),
      mediaSequence: fc.maxSafeNat(),
      discontinuitySequence: fc.maxSafeNat(),
      playlistType: fc.constantFrom<MediaPlaylist['playlistType']>('EVENT', 'VOD', undefined),
      independentSegments: fc.boolean(),
      endList: fc.boolean(),
      segments: fc.array(oneSegment, { maxLength: 6 }),
    });
    fc.assert(
      fc.property(values, ({ segments, ...rest }) => {
        const whole = playlist({
          ...rest,
          version: 6,
          segments: segments.map((one, index): MediaSegment => ({
            ...one,
            // Without an offset a range goes on behind that of the segment before.
            byteRange: one.byteRange && { ...one.byteRange, offset: one.byteRange.offset ?? index },
            keys: [],
            otherTags: [],
          })),
        });
        expect(parseMediaPlaylist(formatMediaPlaylist(whole))).toEqual(whole);
      }),
    );
  });
});

describe('what a peer chose', () => {
  const evil = ['a\n#EXT-X-ENDLIST', 'a\r\n#EXTINF:1,\nb.ts', '\nb.ts', 'a\u0000', 'a\u0085b'];

  it.each(evil)('adds no line as a URI: %j', (uri) => {
    expect(() => formatMediaPlaylist(playlist({ segments: [segment(uri)] }))).toThrow(PlaylistError);
  });

  it.each(['', '#EXT-X-ENDLIST', '#', 'a b'])('is no URI: %j', (uri) => {
    expect(() => formatMediaPlaylist(playlist({ segments: [segment(uri)] }))).toThrow(PlaylistError);
  });

  it.each(evil)('adds no line as a title: %j', (title) => {
    expect(() => formatMediaPlaylist(playlist({ segments: [segment('a.ts', { title })] }))).toThrow(PlaylistError);
  });

  it.each([...evil, 'a",URI="http://other'])('adds no line or attribute as a map: %j', (uri) => {
    const map = { uri, byteRange: undefined };
    expect(() => formatMediaPlaylist(playlist({ version: 6, segments: [segment('a', { map })] }))).toThrow(
      PlaylistError,
    );
  });

  it.each([...evil, 'no tag', '#a comment'])('adds no line as an unknown tag: %j', (tag) => {
    expect(() => formatMediaPlaylist(playlist({ otherTags: [tag] }))).toThrow(PlaylistError);
    expect(() => formatMediaPlaylist(playlist({ segments: [segment('a', { otherTags: [tag] })] }))).toThrow(
      PlaylistError,
    );
  });

  it.each([-1, 1.5, Number.NaN, Infinity])('is no number: %d', (number) => {
    expect(() =>
      formatMediaPlaylist(playlist({ mediaSequence: number > 0 ? number : 1, targetDuration: number })),
    ).toThrow();
  });

  it('never adds a line, whatever text it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (uri, title) => {
        let formatted: string;
        try {
          formatted = formatMediaPlaylist(playlist({ segments: [segment(uri, { title })] }));
        } catch (error) {
          expect(error).toBeInstanceOf(PlaylistError);
          return;
        }
        expect(formatted.split(/\r\n|\r|\n/)).toHaveLength(7);
        expect(parseMediaPlaylist(formatted).segments).toEqual([segment(uri, { title })]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('version', () => {
  it.each<[number, string, Partial<MediaPlaylist>]>([
    [1, 'whole seconds', { segments: [segment('a', { duration: 2 })] }],
    [
      2,
      'an initialization vector',
      {
        segments: [
          segment('a', {
            duration: 2,
            keys: [{ method: 'AES-128', uri: 'k', iv: '0x1', keyFormat: undefined, keyFormatVersions: undefined }],
          }),
        ],
      },
    ],
    [3, 'fractions of seconds', { segments: [segment('a', { duration: 2.5 })] }],
    [4, 'byte ranges', { segments: [segment('a', { duration: 2, byteRange: { length: 1, offset: 0 } })] }],
    [4, 'I-frames', { iFramesOnly: true }],
    [
      5,
      'key formats',
      {
        segments: [
          segment('a', {
            keys: [{ method: 'AES-128', uri: 'k', iv: undefined, keyFormat: 'identity', keyFormatVersions: undefined }],
          }),
        ],
      },
    ],
    [6, 'a map', { segments: [segment('a', { map: { uri: 'i', byteRange: undefined } })] }],
    [
      5,
      'a map of I-frames',
      { iFramesOnly: true, segments: [segment('a', { map: { uri: 'i', byteRange: undefined } })] },
    ],
  ])('%d is needed for %s', (version, _name, fields) => {
    expect(requiredVersion(playlist(fields))).toBe(version);
    expect(() => formatMediaPlaylist(playlist({ ...fields, version }))).not.toThrow();
    if (version > 1)
      expect(() => formatMediaPlaylist(playlist({ ...fields, version: version - 1 }))).toThrow(PlaylistError);
  });
});
