import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { addEmulationPrevention, removeEmulationPrevention } from './index.ts';

/** ITU-T H.264 section 7.4.1.1. */
const CASES: readonly [string, string, string][] = [
  ['nothing to do', '0102', '670102'],
  ['000000', '000000ff', '6700000300ff'],
  ['000001', '000001', '6700000301'],
  ['000002', '000002', '6700000302'],
  ['000003', '000003', '6700000303'],
  ['000004, which needs nothing', '000004', '67000004'],
  ['zeros without end', '0000000000ff', '67000003000003 00ff'],
  ['a zero at the end', 'ff00', '67ff0003'],
  ['nothing at all', '', '67'],
];

describe('emulation prevention', () => {
  it.each(CASES)('%s', (_name, raw, nalUnit) => {
    expect(addEmulationPrevention(0x67, hex(raw)).toString('hex')).toBe(hex(nalUnit).toString('hex'));
  });

  it.each(CASES.filter(([name]) => name !== 'a zero at the end'))('undone: %s', (_name, raw, nalUnit) => {
    expect(Buffer.from(removeEmulationPrevention(hex(nalUnit))).toString('hex')).toBe(hex(raw).toString('hex'));
  });

  it('leaves no start code in any payload and loses nothing', () => {
    const zeros = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 0x80), { maxLength: 60 }).map((list) => [...list, 1]);
    fc.assert(
      fc.property(zeros, (list) => {
        const raw = Buffer.from(list);
        const nalUnit = addEmulationPrevention(0x65, raw);
        for (const forbidden of ['000000', '000001', '000002']) expect(nalUnit.indexOf(hex(forbidden))).toBe(-1);
        expect(Buffer.from(removeEmulationPrevention(nalUnit))).toEqual(raw);
      }),
    );
  });
});
