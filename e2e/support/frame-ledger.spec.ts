// The judge is judged: what the end-to-end tests compare frames with must see what can go wrong.
import { describe, expect, it } from 'vitest';
import type { CodedFrame } from './coded-frame.ts';
import { compareLooped, compareTimes } from './frame-ledger.ts';

const frame = (hash: string, i: number): CodedFrame => ({ hash, dts90k: i * 3_000, pts90k: i * 3_000 + 6_000 });
const frames = (hashes: string): CodedFrame[] => [...hashes].map(frame);
const source = frames('abcdefgh');
const clean = { missing: 0, repeated: 0, unknown: 0 };

describe('compareLooped', () => {
  it.each([
    ['the source once', 'abcdefgh', clean],
    ['the source again and again', 'abcdefghabcdefghabc', clean],
    ['a frame left out', 'abdefgh', { ...clean, missing: 1 }],
    ['frames left out at the seam', 'abcdefbcd', { ...clean, missing: 3 }],
    ['the first frames left out', 'cdefgh', { ...clean, missing: 2 }],
    ['a frame twice', 'abccdefgh', { ...clean, repeated: 1 }],
    ['frames repeated after a take-over', 'abcdefdefgh', { ...clean, repeated: 1 }],
    ['two frames that changed places', 'abdcefgh', { missing: 2, repeated: 1, unknown: 0 }],
    ['a frame that was not sent', 'abcxdefgh', { ...clean, unknown: 1 }],
  ])('judges %s', (_, arrived, verdict) => {
    expect(compareLooped(source, frames(arrived))).toMatchObject(verdict);
  });

  it('takes frames that look alike for the one that is due', () => {
    expect(compareLooped(frames('aabac'), frames('aabacaabac'))).toMatchObject(clean);
    expect(compareLooped(frames('aabac'), frames('aabcaabac'))).toMatchObject({ ...clean, missing: 1 });
  });

  it('may begin anywhere when it is told so', () => {
    expect(compareLooped(source, frames('efghabcd'), true)).toMatchObject(clean);
  });
});

describe('compareTimes', () => {
  it('finds nothing where all is shifted alike', () => {
    const shifted = source.map((each) => ({ ...each, dts90k: each.dts90k + 500, pts90k: each.pts90k + 500 }));
    expect(compareTimes(source, shifted)).toEqual([]);
  });

  it('finds a decode time and a composition offset that are wrong', () => {
    const wrong = source.map((each, i) => (i === 3 ? { ...each, dts90k: each.dts90k + 200 } : each));
    expect(compareTimes(source, wrong)).toHaveLength(2);
  });
});
