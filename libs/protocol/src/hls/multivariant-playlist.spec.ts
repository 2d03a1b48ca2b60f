import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MultivariantPlaylist, Rendition, Variant } from './index.ts';
import { formatMultivariantPlaylist, PlaylistError } from './index.ts';
import { parseMultivariantPlaylist } from './testing/index.ts';

const text = (...lines: string[]): string => `#EXTM3U\n${lines.join('\n')}\n`;

const variant = (uri: string, bandwidth: number, fields: Partial<Variant> = {}): Variant => ({
  uri,
  bandwidth,
  averageBandwidth: undefined,
  codecs: undefined,
  resolution: undefined,
  frameRate: undefined,
  hdcpLevel: undefined,
  audio: undefined,
  video: undefined,
  subtitles: undefined,
  closedCaptions: undefined,
  ...fields,
});
const rendition = (fields: Partial<Rendition>): Rendition => ({
  type: 'AUDIO',
  groupId: 'aac',
  name: 'English',
  uri: undefined,
  language: undefined,
  associatedLanguage: undefined,
  isDefault: false,
  autoselect: false,
  forced: false,
  instreamId: undefined,
  characteristics: undefined,
  channels: undefined,
  ...fields,
});
const playlist = (fields: Partial<MultivariantPlaylist>): MultivariantPlaylist => ({
  version: 1,
  independentSegments: false,
  start: undefined,
  renditions: [],
  variants: [],
  iFrameVariants: [],
  sessionData: [],
  sessionKeys: [],
  otherTags: [],
  ...fields,
});

const CASES: readonly [string, string, MultivariantPlaylist][] = [
  [
    'RFC 8216 section 8.4, variants',
    text(
      '#EXT-X-STREAM-INF:BANDWIDTH=1280000,AVERAGE-BANDWIDTH=1000000',
      'http://example.com/low.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=65000,CODECS="mp4a.40.5"',
      'http://example.com/audio-only.m3u8',
    ),
    playlist({
      variants: [
        variant('http://example.com/low.m3u8', 1_280_000, { averageBandwidth: 1_000_000 }),
        variant('http://example.com/audio-only.m3u8', 65_000, { codecs: ['mp4a.40.5'] }),
      ],
    }),
  ],
  [
    'RFC 8216 section 8.5, I-frames',
    text(
      '#EXT-X-STREAM-INF:BANDWIDTH=1280000',
      'low/audio-video.m3u8',
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=86000,URI="low/iframe.m3u8"',
    ),
    playlist({
      variants: [variant('low/audio-video.m3u8', 1_280_000)],
      iFrameVariants: [variant('low/iframe.m3u8', 86_000)],
    }),
  ],
  [
    'RFC 8216 section 8.6, renditions',
    text(
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="English",URI="main/english-audio.m3u8",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Commentary",URI="commentary/audio-only.m3u8",LANGUAGE="en"',
      '#EXT-X-STREAM-INF:BANDWIDTH=1280000,CODECS="avc1.64001f,mp4a.40.2",AUDIO="aac"',
      'low/video-only.m3u8',
    ),
    playlist({
      renditions: [
        rendition({ uri: 'main/english-audio.m3u8', language: 'en', isDefault: true, autoselect: true }),
        rendition({ name: 'Commentary', uri: 'commentary/audio-only.m3u8', language: 'en' }),
      ],
      variants: [variant('low/video-only.m3u8', 1_280_000, { codecs: ['avc1.64001f', 'mp4a.40.2'], audio: 'aac' })],
    }),
  ],
  [
    'every attribute',
    text(
      '#EXT-X-VERSION:6',
      '#EXT-X-DEFINE:NAME="a",VALUE="b"',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-START:TIME-OFFSET=10',
      '#EXT-X-SESSION-DATA:DATA-ID="com.example.title",VALUE="A title, with a comma",LANGUAGE="en"',
      '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="key",IV=0x00ff,KEYFORMAT="identity",KEYFORMATVERSIONS="1"',
      '#EXT-X-OF-A-NEWER-EDITION:A=1',
      '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="Deutsch",URI="de.m3u8",LANGUAGE="de",ASSOC-LANGUAGE="de-CH",FORCED=YES,CHARACTERISTICS="public.easy-to-read"',
      '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC1",INSTREAM-ID="CC1"',
      '#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="angles",NAME="Left",CHANNELS="6"',
      '#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1,CODECS="avc1.64001f",RESOLUTION=1920x1080,FRAME-RATE=29.97,HDCP-LEVEL=TYPE-0,AUDIO="a",VIDEO="v",SUBTITLES="subs",CLOSED-CAPTIONS="cc"',
      'v.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=2,CLOSED-CAPTIONS=NONE',
      'w.m3u8',
    ),
    playlist({
      version: 6,
      independentSegments: true,
      start: { timeOffset: 10, precise: false },
      sessionData: [{ dataId: 'com.example.title', value: 'A title, with a comma', uri: undefined, language: 'en' }],
      sessionKeys: [{ method: 'AES-128', uri: 'key', iv: '0x00ff', keyFormat: 'identity', keyFormatVersions: '1' }],
      defines: [{ name: 'a', value: 'b' }],
      otherTags: ['#EXT-X-OF-A-NEWER-EDITION:A=1'],
      renditions: [
        rendition({
          type: 'SUBTITLES',
          groupId: 'subs',
          name: 'Deutsch',
          uri: 'de.m3u8',
          language: 'de',
          associatedLanguage: 'de-CH',
          forced: true,
          characteristics: 'public.easy-to-read',
        }),
        rendition({ type: 'CLOSED-CAPTIONS', groupId: 'cc', name: 'CC1', instreamId: 'CC1' }),
        rendition({ type: 'VIDEO', groupId: 'angles', name: 'Left', channels: '6' }),
      ],
      variants: [
        variant('v.m3u8', 1, {
          averageBandwidth: 1,
          codecs: ['avc1.64001f'],
          resolution: { width: 1920, height: 1080 },
          frameRate: 29.97,
          hdcpLevel: 'TYPE-0',
          audio: 'a',
          video: 'v',
          subtitles: 'subs',
          closedCaptions: 'cc',
        }),
        variant('w.m3u8', 2, { closedCaptions: null }),
      ],
    }),
  ],
];

describe('multivariant playlist', () => {
  it.each(CASES)('%s is parsed', (_name, lines, expected) => {
    expect(parseMultivariantPlaylist(lines)).toEqual(expected);
  });

  it.each(CASES)('%s is formatted', (_name, expected, values) => {
    expect(formatMultivariantPlaylist(values)).toBe(expected);
  });

  it.each<[string, string[], string, number]>([
    ['a variant without URI', ['#EXT-X-STREAM-INF:BANDWIDTH=1'], 'hls.stream-inf', 0],
    ['a tag between variant and URI', ['#EXT-X-STREAM-INF:BANDWIDTH=1', '#EXT-X-VERSION:3', 'a'], 'hls.stream-inf', 3],
    ['a URI without variant', ['a.m3u8'], 'hls.stream-inf', 2],
    ['a variant without bandwidth', ['#EXT-X-STREAM-INF:CODECS="a"', 'a'], 'hls.attribute', 2],
    ['I-frames without URI', ['#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1'], 'hls.attribute', 2],
    ['a rendition of another type', ['#EXT-X-MEDIA:TYPE=SMELL,GROUP-ID="a",NAME="b"'], 'hls.attribute', 2],
    ['a rendition without name', ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a"'], 'hls.attribute', 2],
    ['subtitles without URI', ['#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="a",NAME="b"'], 'hls.attribute', 2],
    [
      'captions with a URI',
      ['#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="a",NAME="b",INSTREAM-ID="CC1",URI="c"'],
      'hls.attribute',
      2,
    ],
    ['captions without a place', ['#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="a",NAME="b"'], 'hls.attribute', 2],
    [
      'a default that is neither yes nor no',
      ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b",DEFAULT=1'],
      'hls.attribute',
      2,
    ],
    ['session data without value', ['#EXT-X-SESSION-DATA:DATA-ID="a"'], 'hls.attribute', 2],
    ['session data with both', ['#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="b",URI="c"'], 'hls.attribute', 2],
    [
      'an unknown place of captions',
      ['#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="a",NAME="b",INSTREAM-ID="CC5"'],
      'hls.attribute',
      2,
    ],
    [
      'service 64',
      ['#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="a",NAME="b",INSTREAM-ID="SERVICE64"'],
      'hls.attribute',
      2,
    ],
    [
      'sound with a place of captions',
      ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b",INSTREAM-ID="CC1"'],
      'hls.attribute',
      2,
    ],
    ['sound that is forced', ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b",FORCED=NO'], 'hls.attribute', 2],
    [
      'a default that is not selected by itself',
      ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b",DEFAULT=YES,AUTOSELECT=NO'],
      'hls.attribute',
      2,
    ],
    ['a session key that is none', ['#EXT-X-SESSION-KEY:METHOD=NONE'], 'hls.attribute', 2],
    ['two start points', ['#EXT-X-START:TIME-OFFSET=1', '#EXT-X-START:TIME-OFFSET=1'], 'hls.repeated', 3],
    ['independent segments twice', ['#EXT-X-INDEPENDENT-SEGMENTS', '#EXT-X-INDEPENDENT-SEGMENTS'], 'hls.repeated', 3],
    [
      'a frame rate that no number holds',
      [`#EXT-X-STREAM-INF:BANDWIDTH=1,FRAME-RATE=${'9'.repeat(400)}`, 'a'],
      'hls.attribute',
      2,
    ],
    ['two versions', ['#EXT-X-VERSION:3', '#EXT-X-VERSION:3'], 'hls.repeated', 3],
    ['a tag of media playlists', ['#EXT-X-TARGETDURATION:3'], 'hls.kind', 2],
  ])('with %s is refused, with the line', (_name, lines, code, line) => {
    expect(() => parseMultivariantPlaylist(text(...lines))).toThrow(expect.objectContaining({ code, line }) as Error);
  });

  it.each(['CC1', 'CC4', 'SERVICE1', 'SERVICE9', 'SERVICE10', 'SERVICE59', 'SERVICE63'])(
    'takes captions in %s',
    (id) => {
      const lines = text(`#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="a",NAME="b",INSTREAM-ID="${id}"`);
      expect(parseMultivariantPlaylist(lines).renditions[0]?.instreamId).toBe(id);
    },
  );

  it('every truncation is parsed or refused with a typed error', () => {
    for (const [, lines] of CASES) {
      for (let length = 0; length < lines.length; length++) {
        try {
          parseMultivariantPlaylist(lines.slice(0, length));
        } catch (error) {
          expect(error).toBeInstanceOf(PlaylistError);
        }
      }
    }
  });

  it.each(['a"', 'a\nb', 'a\r', 'a",URI="x'])('lets no name out of its quotation marks: %j', (name) => {
    const broken = [
      playlist({ renditions: [rendition({ name })] }),
      playlist({ renditions: [rendition({ groupId: name })] }),
      playlist({ variants: [variant('a', 1, { codecs: [name] })] }),
      playlist({ sessionData: [{ dataId: name, value: 'b', uri: undefined, language: undefined }] }),
    ];
    for (const one of broken) expect(() => formatMultivariantPlaylist(one)).toThrow(PlaylistError);
  });

  it.each(['', '#a', 'a\nb', 'a b'])('takes no such URI: %j', (uri) => {
    expect(() => formatMultivariantPlaylist(playlist({ variants: [variant(uri, 1)] }))).toThrow(PlaylistError);
  });

  it('comes back with any name, or refuses it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (name, groupId) => {
        const whole = playlist({
          renditions: [rendition({ name, groupId })],
          variants: [variant('a', 1, { audio: groupId })],
        });
        let formatted: string;
        try {
          formatted = formatMultivariantPlaylist(whole);
        } catch (error) {
          expect(error).toBeInstanceOf(PlaylistError);
          return;
        }
        expect(parseMultivariantPlaylist(formatted)).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });
});
