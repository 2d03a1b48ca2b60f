import { describe, expect, it } from 'vitest';
import { ListedNames } from './listed-names.ts';

const listing = (first: number, count: number): string =>
  ['#EXTM3U', ...Array.from({ length: count }, (_, i) => `#EXTINF:2,\n${first + i}-0a.ts`), ''].join('\n');

describe('ListedNames', () => {
  it('has what the playlist lists, and nothing else', () => {
    const names = new ListedNames();
    expect(names.has('0-0a.ts', undefined)).toBe(false);
    expect(names.has('0-0a.ts', listing(0, 5))).toBe(true);
    expect(names.has('4-0a.ts', listing(0, 5))).toBe(true);
    for (const other of ['5-0a.ts', '#EXTM3U', '']) expect(names.has(other, listing(0, 5))).toBe(false);
  });

  it('has initialisation maps as long as one is listed', () => {
    const names = new ListedNames();
    const withMap = (text: string): string => text.replace('#EXTINF', '#EXT-X-MAP:URI="map-1f.mp4"\n#EXTINF');
    for (let first = 0; first <= 20; first++) expect(names.has('map-1f.mp4', withMap(listing(first, 5)))).toBe(true);
    expect(names.has('URI="map-1f.mp4"', undefined)).toBe(false);
    for (let first = 21; first <= 40; first++) names.has('x', listing(first, 5));
    expect(names.has('map-1f.mp4', undefined)).toBe(false);
  });

  it('has keys as long as segments with them are listed, or were lately', () => {
    const names = new ListedNames();
    const withKey = (number: number, text: string): string =>
      text.replace('#EXTINF', `#EXT-X-KEY:METHOD=AES-128,URI="keys/${number}"\n#EXTINF`);
    expect(names.has('keys/3', withKey(3, listing(3, 5)))).toBe(true);
    expect(names.has('keys/8', withKey(3, listing(3, 5)))).toBe(false);
    expect(names.has('keys/3', withKey(8, listing(8, 5)))).toBe(true);
    for (let first = 9; first <= 40; first++) names.has('x', withKey(first, listing(first, 5)));
    expect(names.has('keys/3', undefined)).toBe(false);
  });

  it('has what left the playlist, for twice as many as it lists', () => {
    const names = new ListedNames();
    for (let first = 0; first <= 20; first++) names.has('x', listing(first, 5));
    const known = Array.from({ length: 30 }, (_, i) => i).filter((i) => names.has(`${i}-0a.ts`, undefined));
    expect(known).toEqual(Array.from({ length: 15 }, (_, i) => 10 + i));
  });
});
