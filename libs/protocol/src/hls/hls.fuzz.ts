import type { MediaPlaylist } from './index.ts';
import { formatMediaPlaylist, formatMultivariantPlaylist } from './index.ts';
import { checkMediaPlaylist, parseMediaPlaylist, parseMultivariantPlaylist, requiredVersion } from './testing/index.ts';

/** Words of the format, so that input of mere bytes gets past the first line. Bytes below 64 choose one. */
const WORDS = [
  '\n#EXTINF:',
  '\n#EXT-X-TARGETDURATION:',
  '\n#EXT-X-MEDIA-SEQUENCE:',
  '\n#EXT-X-DISCONTINUITY-SEQUENCE:',
  '\n#EXT-X-DISCONTINUITY',
  '\n#EXT-X-KEY:METHOD=AES-128,URI="k"',
  '\n#EXT-X-MAP:URI="m"',
  '\n#EXT-X-BYTERANGE:',
  '\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T22:00:00Z',
  '\n#EXT-X-STREAM-INF:BANDWIDTH=1',
  '\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b"',
  '\n#EXT-X-START:TIME-OFFSET=',
  '\n#EXT-X-ENDLIST',
  '\n#EXT-X-VERSION:',
  '\na.ts',
  '1',
  '2.5',
  ',',
  '"',
  '=',
  '@',
  '0',
  '-',
  ':',
  'YES',
  'NO',
  '\n#EXT-X-PLAYLIST-TYPE:VOD',
  '\n#EXT-X-I-FRAMES-ONLY',
  '\n#EXT-X-INDEPENDENT-SEGMENTS',
  '\n#EXT-X-BYTERANGE:5@0',
  '\n#EXT-X-BYTERANGE:5',
  '\n#EXT-X-DATERANGE:ID="a",START-DATE="2026-11-23T22:00:00Z"',
  '\n#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="b"',
  '\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k",IV=0x1',
  '\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i"',
  '\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="a",NAME="b",INSTREAM-ID="CC1"',
  ',DEFAULT=YES',
  ',AUTOSELECT=YES',
  ',CODECS="a,b",RESOLUTION=1x1,FRAME-RATE=2.5,AUDIO="a"',
  '\n#EXT-X-PART-INF:PART-TARGET=0.5',
  '\n#EXT-X-PART:DURATION=0.5,URI="p"',
  '\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=6',
  '\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p"',
  '\n#EXT-X-RENDITION-REPORT:URI="r",LAST-MSN=1',
  '\n#EXT-X-SKIP:SKIPPED-SEGMENTS=2',
  '\n#EXT-X-GAP',
  '\n#EXT-X-DEFINE:NAME="a",VALUE="b"',
  '\n#EXT-X-DEFINE:QUERYPARAM="q"',
  '\n#EXT-X-DEFINE:IMPORT="i"',
  ',CUE="PRE,ONCE"',
];

const TARGET = 1;
const VERSION = 13;
const ONE = 15;
const URI = 14;
const RANGE_WITH_OFFSET = 29;
const RANGE = 30;

/** A media playlist with two segments, a discontinuity and an end; one of byte ranges; multivariant playlists. */
export const seeds: readonly Uint8Array[] = [
  Buffer.from([0, VERSION, ONE, TARGET, ONE, 2, ONE, 0, ONE, 17, URI, 4, 8, 0, ONE, 17, URI, 12]),
  Buffer.from([
    0,
    VERSION,
    ONE,
    28,
    26,
    TARGET,
    ONE,
    31,
    0,
    ONE,
    17,
    RANGE_WITH_OFFSET,
    URI,
    0,
    ONE,
    17,
    RANGE,
    URI,
    5,
    6,
    0,
    16,
    17,
    URI,
  ]),
  Buffer.from([1, VERSION, ONE, 10, 9, URI, 9, URI]),
  Buffer.from([0, VERSION, ONE, 46, 47, 48, TARGET, ONE, 31, 49, 0, ONE, 17, URI]),
  Buffer.from([1, VERSION, ONE, 46, 47, 9, URI]),
  Buffer.from([1, VERSION, ONE, 28, 32, 33, 35, 10, 36, 37, 34, 9, 38, URI]),
];

function textOf(data: Uint8Array): string {
  let text = '#EXTM3U';
  for (const byte of data) text += byte < 64 ? (WORDS[byte] ?? '\n') : String.fromCharCode(byte);
  return text;
}

/** The first byte chooses the kind of playlist. What was parsed must come back from its format. */
export function fuzz(data: Uint8Array): void {
  const text = textOf(data.subarray(1));
  if (((data[0] ?? 0) & 1) === 1) {
    const playlist = parseMultivariantPlaylist(text);
    same(parseMultivariantPlaylist(formatMultivariantPlaylist(playlist)), playlist);
    return;
  }
  const parsed = parseMediaPlaylist(text);
  const playlist: MediaPlaylist = { ...parsed, version: Math.max(parsed.version, requiredVersion(parsed)) };
  const again = parseMediaPlaylist(formatMediaPlaylist(playlist));
  same(again, playlist);
  checkMediaPlaylist(playlist, again);
}

function same(again: unknown, before: unknown): void {
  if (JSON.stringify(again) !== JSON.stringify(before)) throw new Error('a playlist changed on its way');
}
