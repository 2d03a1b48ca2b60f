import { newId } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { SegmentSignatures } from './segment-signatures.ts';
import { SignedPlaylists } from './signed-playlists.ts';

const PEPPER = 'a pepper of at least thirty-two characters';
const playbackId = newId('pbk');
/** A few seconds into a half-minute. */
const nowMs = 1_790_000_013_000;
const signatures = new SegmentSignatures(PEPPER);

describe('a signature of a segment', () => {
  const endS = signatures.endFor(60, nowMs);
  const query = signatures.sign(playbackId, '7-0a.ts', endS);

  it('is good on every gateway for the window and 30 s, and for no more than 70 s beyond the window', () => {
    const other = new SegmentSignatures(PEPPER);
    for (let s = 0; s < 300; s++) {
      const atMs = nowMs + s * 1_000;
      const leftS = other.secondsLeft(
        playbackId,
        '7-0a.ts',
        other.sign(playbackId, '7-0a.ts', other.endFor(57, atMs)),
        atMs,
      );
      expect(leftS).toBeGreaterThanOrEqual(57 + 30);
      expect(leftS).toBeLessThanOrEqual(57 + 70);
    }
    expect(signatures.secondsLeft(playbackId, '7-0a.ts', query, endS * 1_000 - 1)).toBe(1);
    expect(signatures.secondsLeft(playbackId, '7-0a.ts', query, endS * 1_000)).toBeUndefined();
  });

  it('is the same for half a minute', () => {
    const start = Math.ceil(nowMs / 30_000) * 30_000 + 1;
    const ends = [start, start + 10_000, start + 29_998].map((ms) => signatures.endFor(60, ms));
    expect(new Set(ends).size).toBe(1);
  });

  it('is good for nothing else', () => {
    const good = (...[id, name, text]: [string, string, string]) => signatures.secondsLeft(id, name, text, nowMs);
    expect(good(playbackId, '7-0a.ts', query)).toBeGreaterThan(0);
    expect(good(playbackId, '7-0a.ts', `x=1&${query}&y=2`)).toBeGreaterThan(0);
    expect(good(newId('pbk'), '7-0a.ts', query)).toBeUndefined();
    expect(good(playbackId, '8-0a.ts', query)).toBeUndefined();
    const later = query.replace(/e=[^&]+/, `e=${(endS + 1).toString(36)}`);
    for (const text of [later, query.slice(0, -1), `${query}A`, '', 'e=zzzzzzz&s=', query.replace('s=', 't=')])
      expect(good(playbackId, '7-0a.ts', text), text).toBeUndefined();
    expect(new SegmentSignatures(`${PEPPER}!`).secondsLeft(playbackId, '7-0a.ts', query, nowMs)).toBeUndefined();
  });
});

describe('SignedPlaylists', () => {
  it('signs segments and initialisation maps, once for each list and half-minute', () => {
    let made = 0;
    const playlists = new SignedPlaylists(signatures, (text) => {
      made++;
      return { body: Buffer.from(text) };
    });
    const text = '#EXTM3U\n#EXT-X-MAP:URI="init-1.mp4"\n#EXTINF:2.5,\n1.m4s\n#EXTINF:3.5,\n2.m4s\n';
    const source = { body: Buffer.from(text) };
    const viewer = { ticket: () => 'ada.x', strict: false };
    const lines = playlists.of(playbackId, 'index.m3u8', source, nowMs, viewer).body.toString().split('\n');
    expect(
      playlists
        .of(playbackId, 'index.m3u8', source, nowMs + 1_000, viewer)
        .body.toString()
        .split('\n'),
    ).toEqual(lines);
    expect(made).toBe(1);
    expect(lines[1]).toMatch(/^#EXT-X-MAP:URI="init-1\.mp4\?e=\w+&s=[\w-]{22}"$/);
    for (const [at, name] of [
      [3, '1.m4s'],
      [5, '2.m4s'],
    ] as const) {
      const [file, query = ''] = lines[at]!.split('?');
      expect(file).toBe(name);
      expect(signatures.secondsLeft(playbackId, name, query, nowMs)).toBeGreaterThanOrEqual(36);
    }
    playlists.of(playbackId, 'index.m3u8', source, nowMs + 30_000, viewer);
    playlists.of(playbackId, 'index.m3u8', { body: Buffer.from(text) }, nowMs + 30_000, viewer);
    expect(made).toBe(3);
  });

  const encrypted = [
    '#EXTM3U',
    '#EXT-X-KEY:METHOD=AES-128,URI="keys/1"',
    '#EXT-X-MAP:URI="init-1.mp4"',
    '#EXTINF:2,',
    '1.k1.m4s',
    '#EXT-X-KEY:METHOD=NONE',
    '2.m4s',
    '',
  ].join('\n');
  const listFor = (name: string, strict: boolean): string[] => {
    const playlists = new SignedPlaylists(signatures, (text) => ({ body: Buffer.from(text) }));
    const source = { body: Buffer.from(encrypted) };
    playlists.of(playbackId, 'index.m3u8', source, nowMs, { ticket: () => 'another.x', strict: false });
    return playlists
      .of(playbackId, 'index.m3u8', source, nowMs, { ticket: () => name, strict })
      .body.toString()
      .split('\n');
  };

  it('gives each viewer its own URLs of keys, and all of them the same of segments', () => {
    const [ada, bob] = [listFor('ada.x', false), listFor('bob.x', false)];
    expect([ada[1], bob[1]]).toEqual([
      '#EXT-X-KEY:METHOD=AES-128,URI="keys/1?viewer=ada.x"',
      '#EXT-X-KEY:METHOD=AES-128,URI="keys/1?viewer=bob.x"',
    ]);
    expect(ada[5]).toBe('#EXT-X-KEY:METHOD=NONE');
    expect(ada.toSpliced(1, 1)).toEqual(bob.toSpliced(1, 1));
    expect(ada[4]).toMatch(/^1\.k1\.m4s\?e=\w+&s=[\w-]{22}$/);
  });

  it('gives a viewer whose every request is checked nothing but URLs of its own', () => {
    expect(listFor('ada.x', true)).toEqual([
      '#EXTM3U',
      '#EXT-X-KEY:METHOD=AES-128,URI="keys/1?viewer=ada.x"',
      '#EXT-X-MAP:URI="init-1.mp4?viewer=ada.x"',
      '#EXTINF:2,',
      '1.k1.m4s?viewer=ada.x',
      '#EXT-X-KEY:METHOD=NONE',
      '2.m4s?viewer=ada.x',
      '',
    ]);
  });
});
