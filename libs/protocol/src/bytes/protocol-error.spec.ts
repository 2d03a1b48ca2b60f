import { describe, expect, it } from 'vitest';
import { ByteReader } from './byte-reader.ts';
import { decodeOrUndefined } from './protocol-error.ts';

describe('decodeOrUndefined', () => {
  const decode = (bytes: Buffer): number => new ByteReader(bytes, 'test').u16();

  it('returns what was decoded', () => {
    expect(decodeOrUndefined(decode, Buffer.from([1, 2]))).toBe(0x0102);
  });

  it('returns undefined for malformed bytes', () => {
    expect(decodeOrUndefined(decode, Buffer.from([1]))).toBeUndefined();
  });

  it('passes on any other error: it is a defect of the decoder', () => {
    const broken = (): never => {
      throw new RangeError('defect');
    };
    expect(() => decodeOrUndefined(broken, undefined)).toThrow(RangeError);
  });
});
