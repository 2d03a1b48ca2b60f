// The table of M3U8 tags in the project's protocol notes, row by row.
import { describe, expect, it } from 'vitest';
import { formatMediaPlaylist } from './index.ts';
import { checkMediaPlaylist, parseMediaPlaylist } from './testing/index.ts';
import { mediaPlaylist, mediaSegment } from './testing/playlists.ts';

const live = mediaPlaylist({
  targetDuration: 2,
  mediaSequence: 7,
  segments: [mediaSegment('7.ts', { duration: 1.9 }), mediaSegment('8.ts'), mediaSegment('9.ts')],
});

describe('protocol notes, table of the m3u8 file', () => {
  it('#EXTM3U: the first line of every M3U file is this tag', () => {
    expect(formatMediaPlaylist(live).split('\n')[0]).toBe('#EXTM3U');
    expect(() => parseMediaPlaylist('\n#EXTM3U\n#EXT-X-TARGETDURATION:2\n')).toThrow();
  });

  it('#EXT-X-VERSION: may be missing; 3 is usual, 7 the newest', () => {
    expect(parseMediaPlaylist('#EXTM3U\n#EXT-X-TARGETDURATION:2\n').version).toBe(1);
    expect(formatMediaPlaylist(live)).toContain('\n#EXT-X-VERSION:3\n');
    expect(parseMediaPlaylist(formatMediaPlaylist({ ...live, version: 7 })).version).toBe(7);
  });

  it('#EXT-X-MEDIA-SEQUENCE: numbers go up by 1; 0 when it is missing', () => {
    expect(formatMediaPlaylist(live)).toContain('\n#EXT-X-MEDIA-SEQUENCE:7\n');
    expect(parseMediaPlaylist('#EXTM3U\n#EXT-X-TARGETDURATION:2\n').mediaSequence).toBe(0);
    const next = { ...live, mediaSequence: 8, segments: [...live.segments.slice(1), mediaSegment('10.ts')] };
    expect(checkMediaPlaylist(live, next)).toEqual([]);
    const skipped = { ...next, mediaSequence: 9 };
    expect(checkMediaPlaylist(live, skipped).map((violation) => violation.rule)).toContain('segment-changed');
  });

  it('#EXT-X-TARGETDURATION: the longest duration of all segments', () => {
    expect(formatMediaPlaylist(live)).toContain('\n#EXT-X-TARGETDURATION:2\n');
    const longer = { ...live, segments: [mediaSegment('7.ts', { duration: 2.5 })] };
    expect(checkMediaPlaylist(undefined, longer).map((violation) => violation.rule)).toEqual(['extinf-above-target']);
  });

  it('#EXTINF: the real duration of a segment', () => {
    expect(formatMediaPlaylist(live)).toContain('\n#EXTINF:1.9,\n7.ts\n');
    expect(parseMediaPlaylist(formatMediaPlaylist(live)).segments[0]?.duration).toBe(1.9);
  });

  it('number of ts files: a window in seconds, from which old segments go', () => {
    const short = { ...live, mediaSequence: 9, segments: [mediaSegment('9.ts')] };
    expect(checkMediaPlaylist(live, short).map((violation) => violation.rule)).toEqual(['window-too-short']);
  });

  it('livestream-0.ts: the numbering goes on, it never starts again', () => {
    const again = { ...live, mediaSequence: 0, segments: [mediaSegment('0.ts')] };
    const rules = checkMediaPlaylist(live, again).map((violation) => violation.rule);
    expect(rules).toEqual(['media-sequence-decreased', 'segments-vanished']);
  });
});
