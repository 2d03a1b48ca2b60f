import { describe, expect, it } from 'vitest';
import type { MediaPlaylist } from './index.ts';
import type { PlaylistRule } from './testing/index.ts';
import { checkMediaPlaylist } from './testing/index.ts';
import { mediaPlaylist, mediaSegment } from './testing/playlists.ts';

const at = (number: number): number => 1_700_000_000_000 + number * 2000;
const live = (from: number, count: number, fields: Partial<MediaPlaylist> = {}): MediaPlaylist =>
  mediaPlaylist({
    mediaSequence: from,
    segments: Array.from({ length: count }, (_, index) =>
      mediaSegment(`${from + index}.ts`, { programDateTimeMs: at(from + index) }),
    ),
    ...fields,
  });
/** The list with one segment changed. */
const change = (list: MediaPlaylist, index: number, fields: object): MediaPlaylist => ({
  ...list,
  segments: list.segments.map((one, place) => (place === index ? { ...one, ...fields } : one)),
});
const rules = (previous: MediaPlaylist | undefined, next: MediaPlaylist): PlaylistRule[] =>
  checkMediaPlaylist(previous, next).map((violation) => violation.rule);

describe('rules for a live playlist', () => {
  it.each<[string, MediaPlaylist | undefined, MediaPlaylist]>([
    ['a first load', undefined, live(5, 3)],
    ['the same again', live(5, 4), live(5, 4)],
    ['one segment more', live(5, 4), live(5, 5)],
    ['one segment on', live(5, 4), live(6, 4)],
    ['a whole window on, without a gap', live(5, 4), live(9, 4)],
    ['a short list that still grows', live(0, 1), live(0, 2)],
    ['the end', live(5, 4), live(5, 5, { endList: true })],
    ['the end, again', live(5, 4, { endList: true }), live(5, 4, { endList: true })],
    ['an end with little left', live(5, 4), live(7, 2, { endList: true })],
    ['a discontinuity', live(5, 4), change(live(5, 5), 4, { discontinuity: true, programDateTimeMs: at(99) })],
    [
      'a discontinuity before the first segment',
      change(live(5, 4), 1, { discontinuity: true }),
      change(live(6, 4), 0, { discontinuity: true }),
    ],
    [
      'a discontinuity that has left',
      change(live(5, 4), 1, { discontinuity: true }),
      live(7, 4, { discontinuitySequence: 1 }),
    ],
    ['EXTINF rounded to the target', undefined, change(live(5, 3), 2, { duration: 2.499 })],
    ['dates that are off by a rounding', undefined, change(live(5, 3), 1, { programDateTimeMs: at(6) + 40 })],
  ])('hold for %s', (_name, previous, next) => {
    expect(checkMediaPlaylist(previous, next)).toEqual([]);
  });

  it.each<[PlaylistRule, string, MediaPlaylist | undefined, MediaPlaylist]>([
    ['extinf-above-target', 'a segment that is too long', undefined, change(live(5, 3), 2, { duration: 2.5 })],
    ['target-duration-changed', 'another target duration', live(5, 4), live(5, 4, { targetDuration: 3 })],
    ['media-sequence-decreased', 'a sequence that goes back', live(5, 4), live(4, 5)],
    ['segment-changed', 'a sequence that does not follow a removal', live(5, 4), { ...live(6, 4), mediaSequence: 5 }],
    ['no-overlap', 'a sequence that leaps', live(5, 4), live(10, 4)],
    ['segments-vanished', 'a list that ends earlier', live(5, 6), live(5, 4)],
    ['segment-changed', 'another URI for the same number', live(5, 4), change(live(5, 4), 1, { uri: 'x.ts' })],
    ['segment-changed', 'another duration', live(5, 4), change(live(5, 4), 3, { duration: 1.99 })],
    ['segment-changed', 'another date', live(5, 4), change(live(5, 4), 1, { programDateTimeMs: at(6) + 1 })],
    [
      'segment-changed',
      'another byte range',
      live(5, 4),
      change(live(5, 4), 1, { byteRange: { length: 1, offset: 0 } }),
    ],
    ['segment-changed', 'a discontinuity that came later', live(5, 4), change(live(5, 4), 1, { discontinuity: true })],
    ['window-too-short', 'less than three target durations', live(5, 4), live(7, 2)],
    [
      'discontinuity-number-changed',
      'a discontinuity that left without a trace',
      change(live(5, 4), 1, { discontinuity: true }),
      live(7, 4),
    ],
    [
      'discontinuity-number-changed',
      'a discontinuity counted while it is still listed',
      change(live(5, 4), 1, { discontinuity: true }),
      change(live(6, 4, { discontinuitySequence: 1 }), 0, { discontinuity: true }),
    ],
    [
      'discontinuity-sequence-decreased',
      'a discontinuity sequence that goes back',
      live(5, 4, { discontinuitySequence: 2 }),
      live(9, 4, { discontinuitySequence: 1 }),
    ],
    ['changed-after-end', 'a segment after the end', live(5, 4, { endList: true }), live(5, 5, { endList: true })],
    ['changed-after-end', 'an end that is taken back', live(5, 4, { endList: true }), live(5, 4)],
    ['type-changed', 'another type', live(5, 4), live(5, 4, { playlistType: 'EVENT' })],
    [
      'event-segment-removed',
      'a segment removed from an event',
      live(5, 4, { playlistType: 'EVENT' }),
      live(6, 4, { playlistType: 'EVENT' }),
    ],
    ['version-too-low', 'fractions in version 2', undefined, change(live(5, 3, { version: 2 }), 0, { duration: 1.95 })],
    ['uri-repeated', 'a URI twice', undefined, change(live(5, 3), 2, { uri: '5.ts' })],
    ['date-time-off', 'a date that does not follow', undefined, change(live(5, 3), 1, { programDateTimeMs: at(7) })],
    [
      'date-time-off',
      'a date that goes back over a discontinuity',
      undefined,
      change(live(5, 3), 1, { discontinuity: true, programDateTimeMs: at(5) }),
    ],
  ])('%s: %s', (rule, _name, previous, next) => {
    expect(rules(previous, next)).toContain(rule);
  });
});
