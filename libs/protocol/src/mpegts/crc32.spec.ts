import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { crc32Mpeg2 } from './testing/index.ts';

describe('CRC-32 of sections', () => {
  it.each<[string, Buffer, number]>([
    ['the check value of the CRC catalogues', Buffer.from('123456789'), 0x0376e6e7],
    ['nothing', Buffer.alloc(0), 0xffffffff],
    ['a PAT as FFmpeg writes it', hex('00b00d0001c100000001f000'), 0x2ab104b2],
    ['the same with its CRC', hex('00b00d0001c100000001f0002ab104b2'), 0],
  ])('%s', (_name, bytes, expected) => {
    expect(crc32Mpeg2(bytes)).toBe(expected);
  });
});
