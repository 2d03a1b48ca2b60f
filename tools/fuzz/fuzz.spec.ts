import { describe, expect, it } from 'vitest';
import { ProtocolError } from '@millrace/protocol/bytes';
import { fuzz } from './fuzz.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';

const seeds = [Buffer.from('a length, 16 bytes'), Buffer.from([0, 0, 0, 4, 1, 2, 3, 4])];

describe('fuzzing', () => {
  it('makes the same inputs from the same seed', () => {
    const inputs = (seed: number): string[] => {
      const random = new Random(seed);
      return Array.from({ length: 50 }, () => mutate(seeds, random).toString('hex'));
    };
    expect(inputs(7)).toEqual(inputs(7));
    expect(inputs(7)).not.toEqual(inputs(8));
    expect(new Set(inputs(7)).size).toBeGreaterThan(40);
  });

  it('finds a reader that trusts a length', () => {
    const read = (input: Buffer): void => {
      if (input.length < 4) throw new ProtocolError('x.short', 'x', 'short');
      input.readUInt8(4 + (input.readUInt32BE(0) % 64));
    };
    const result = fuzz({ name: 'trusting', seeds: [Buffer.alloc(80)], read }, 1, 5_000);
    expect(result.fault?.error).toBeInstanceOf(RangeError);
  });

  it('is content with a reader that refuses what is wrong', () => {
    const read = (input: Buffer): void => {
      if (!input.equals(seeds[0] ?? input)) throw new ProtocolError('x.bad', 'x', 'not what I know');
    };
    const result = fuzz({ name: 'strict', seeds: seeds.slice(0, 1), read }, 1, 50);
    expect(result.fault).toBeUndefined();
    expect(result.inputs).toBeGreaterThan(0);
  });
});
