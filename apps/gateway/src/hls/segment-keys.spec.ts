import { createDecipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SegmentKeys } from './segment-keys.ts';

const STREAM = 'str_00000000000000000000000001';
const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

describe('the key of a segment', () => {
  // Made with HKDF (RFC 5869) and AES-CBC written out in Python, without any library; its AES gives the vector of FIPS 197 appendix B.
  it('and what it makes of a segment are those of the standards', async () => {
    const keys = new SegmentKeys('a pepper');
    expect(keys.keyOf(STREAM, 90).toString('hex')).toBe('8c920352f4c9963b3df9c745235d2b1e');
    expect(Buffer.from(await keys.encrypt(STREAM, '100.k90.ts', bytesOf(40))).toString('hex')).toBe(
      'a7b64c24072e3ce1de905bef2c6440d842094a5987e0ad5537ba0050ad59d8c59870f9a4649289ff0b2ef5d9dbe5f08b',
    );
  });

  it('is the same on every gateway, and another one for each pepper, stream and number', () => {
    const keyOf = (pepper: string, streamId: string, number: number): string =>
      new SegmentKeys(pepper).keyOf(streamId, number).toString('hex');
    expect(keyOf('a', STREAM, 1)).toBe(keyOf('a', STREAM, 1));
    const all = [keyOf('a', STREAM, 1), keyOf('b', STREAM, 1), keyOf('a', `${STREAM}0`, 1), keyOf('a', STREAM, 2)];
    expect(new Set(all).size).toBe(4);
  });
});

describe('what players fetch', () => {
  it.each([0, 1, 15, 16, 17, 1024 * 1024, 3 * 1024 * 1024 + 5])(
    'decrypts to the segment, of %d bytes',
    async (length) => {
      const keys = new SegmentKeys('a pepper');
      const plain = bytesOf(length);
      const encrypted = await keys.encrypt(STREAM, '258.k3.ts', plain);
      // The IV of media sequence 258 = 0x0102.
      const iv = Buffer.from('00000000000000000000000000000102', 'hex');
      const decipher = createDecipheriv('aes-128-cbc', keys.keyOf(STREAM, 3), iv);
      expect(Buffer.concat([decipher.update(encrypted), decipher.final()]).equals(plain)).toBe(true);
      expect(encrypted.byteLength).toBe(16 * (Math.floor(length / 16) + 1));
    },
  );

  it.each([
    '258.ts',
    'map-0123456789abcdef.mp4',
    '258-0a.ts',
    'k3.ts',
    '258.k.ts',
    '258.k3',
    `1.k${'9'.repeat(16)}.ts`,
  ])('is the segment itself when its name has no key: %s', async (name) => {
    const plain = bytesOf(40);
    expect(await new SegmentKeys('a pepper').encrypt(STREAM, name, plain)).toBe(plain);
  });
});
