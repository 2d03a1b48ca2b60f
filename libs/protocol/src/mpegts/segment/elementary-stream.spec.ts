import { describe, expect, it } from 'vitest';
import { noise } from '../testing/synthetic.ts';
import { copyBytes, viewOf } from './elementary-stream.ts';

describe('copyBytes', () => {
  it('copies any number of bytes from and to any place, and no more', () => {
    const source = noise(220, 1);
    for (let count = 0; count <= 184; count++) {
      const target = Buffer.alloc(200, 0xee);
      copyBytes(viewOf(source), count % 9, viewOf(target), count % 7, count);
      const expected = Buffer.alloc(200, 0xee);
      source.copy(expected, count % 7, count % 9, (count % 9) + count);
      expect(target).toEqual(expected);
    }
  });

  it('keeps every bit, also where the bytes would be no number', () => {
    const source = Buffer.from('7ff0000000000001fff8dead0000beef0000000000000080', 'hex');
    const target = Buffer.alloc(24);
    copyBytes(viewOf(source), 0, viewOf(target), 0, 24);
    expect(target).toEqual(source);
  });
});
