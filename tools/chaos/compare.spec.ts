import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import type { Recording } from './recording.ts';
import { SAMPLE_PUBLISHED, sampleRecording } from './testing/sample-recording.ts';
import { readPictures, removePackets, repeatPackets } from './ts-pictures.ts';

const sample = sampleRecording();

/** The sample with its segments changed, by their place in it. */
const withSegments = (change: (bytes: Buffer, at: number) => Buffer): Recording => ({
  ...sample,
  segments: sample.segments.map(({ mediaSequence, bytes }, at) => ({ mediaSequence, bytes: change(bytes, at) })),
});

describe('the comparer', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(compare(SAMPLE_PUBLISHED, sample)).toEqual({
      arrived: SAMPLE_PUBLISHED,
      lost: [],
      repeated: [],
      cameBack: [],
      faults: [],
      discontinuities: 0,
      longestGapMs: 1_000,
    });
  });

  it('finds a frame that was removed', () => {
    const removed = withSegments((bytes, at) =>
      at === 2 ? removePackets(bytes, readPictures(bytes)[7]!.packets) : bytes,
    );
    expect(compare(SAMPLE_PUBLISHED, removed)).toMatchObject({
      lost: [67],
      repeated: [],
      arrived: SAMPLE_PUBLISHED - 1,
    });
  });

  it('finds frames that were published last and never arrived, and those of a segment that is gone', () => {
    expect(compare(SAMPLE_PUBLISHED + 2, sample).lost).toEqual([SAMPLE_PUBLISHED, SAMPLE_PUBLISHED + 1]);
    const { lost, faults } = compare(SAMPLE_PUBLISHED, { ...sample, segments: sample.segments.toSpliced(3, 1) });
    expect(lost).toEqual(Array.from({ length: 30 }, (_, i) => 90 + i));
    expect(faults).toEqual(['segment 1003 was listed and not served']);
  });

  it('finds a frame that is repeated, in the same segment and in the next one', () => {
    const same = withSegments((bytes, at) =>
      at === 2 ? repeatPackets(bytes, readPictures(bytes)[7]!.packets) : bytes,
    );
    expect(compare(SAMPLE_PUBLISHED, same)).toMatchObject({ lost: [], repeated: [67] });
    const first = sample.segments[0]!.bytes;
    const next = withSegments((bytes, at) => (at === 1 ? Buffer.concat([first, bytes]) : bytes));
    expect(compare(SAMPLE_PUBLISHED, next).repeated).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('finds frames out of order', () => {
    const swapped = withSegments((bytes, at) => sample.segments[at === 1 ? 2 : at === 2 ? 1 : at]!.bytes ?? bytes);
    const { lost, cameBack } = compare(SAMPLE_PUBLISHED, swapped);
    expect(lost).toEqual([]);
    expect(cameBack[0]).toBe('picture 30 after 89');
  });

  it('finds a media sequence, a newest segment and a discontinuity sequence that came back', () => {
    const [first] = sample.playlists;
    const back = { ...sample, playlists: [...sample.playlists, { atMs: 9_000, text: first!.text }] };
    expect(compare(SAMPLE_PUBLISHED, back).cameBack).toEqual([
      'media sequence 1000 after 1002',
      'newest segment 1000 after 1004',
    ]);
    const texts = sample.playlists.map(({ atMs, text }, i) => ({
      atMs,
      text: text.replace('#EXTINF', `#EXT-X-DISCONTINUITY-SEQUENCE:${i === 3 ? 4 : 5}\n#EXTINF`),
    }));
    expect(compare(SAMPLE_PUBLISHED, { ...sample, playlists: texts }).cameBack).toEqual([
      'discontinuity sequence 4 after 5',
    ]);
  });

  it('finds a number that is given to another segment, or served with other bytes', () => {
    const [last] = sample.playlists.slice(-1);
    const renamed = { atMs: 9_000, text: last!.text.replace('1003.ts', 'other.ts') };
    expect(compare(SAMPLE_PUBLISHED, { ...sample, playlists: [...sample.playlists, renamed] }).cameBack).toEqual([
      'segment 1003 was 1003.ts and is other.ts',
    ]);
    const other = { mediaSequence: 1003, bytes: sample.segments[4]!.bytes };
    expect(compare(SAMPLE_PUBLISHED, { ...sample, segments: [...sample.segments, other] })).toMatchObject({
      lost: [],
      repeated: [],
      cameBack: ['segment 1003 came back with other bytes'],
    });
  });

  it('finds a frame that was changed, one that was never published, and what is no transport stream', () => {
    const packets = readPictures(sample.segments[2]!.bytes)[7]!.packets;
    const changed = withSegments((bytes, at) => {
      const copy = Buffer.from(bytes);
      if (at === 2) copy[packets.at(-1)! + 187]! ^= 1;
      return copy;
    });
    expect(compare(SAMPLE_PUBLISHED, changed).faults).toEqual(['picture 67 was changed on the way']);
    expect(compare(149, sample).faults).toEqual(['a picture in segment 1004 was never published']);
    const cut = withSegments((bytes, at) => (at === 4 ? bytes.subarray(1) : bytes));
    expect(compare(SAMPLE_PUBLISHED, cut).faults[0]).toMatch(/^segment 1004: .* not whole packets$/);
  });

  it('counts discontinuities once, and the longest time without a new segment', () => {
    const playlists = sample.playlists.map(({ atMs, text }, i) => ({
      atMs: atMs + (i > 2 ? 2_500 : 0),
      text: text.replace('#EXTINF:1.000,\n1002.ts', '#EXT-X-DISCONTINUITY\n#EXTINF:1.000,\n1002.ts'),
    }));
    expect(compare(SAMPLE_PUBLISHED, { ...sample, playlists })).toMatchObject({
      discontinuities: 1,
      longestGapMs: 3_500,
    });
  });
});
