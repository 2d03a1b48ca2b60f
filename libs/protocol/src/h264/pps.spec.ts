import { describe, expect, it } from 'vitest';
import { BitWriter } from '../bytes/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { addEmulationPrevention } from '../nal/index.ts';
import { readPpsIds, readSliceHead } from './index.ts';

const pps = (ppsId: number, spsId: number): Buffer =>
  addEmulationPrevention(0x68, new BitWriter().ue(ppsId).ue(spsId).bits(0x5, 3).toBuffer());

describe('picture parameter set', () => {
  it.each([
    [0, 0],
    [1, 0],
    [255, 31],
  ])('has the ids %d and %d', (ppsId, spsId) => {
    expect(readPpsIds(pps(ppsId, spsId))).toEqual({ ppsId, spsId });
  });

  it.each<[string, Buffer, string]>([
    ['pic_parameter_set_id 256', pps(256, 0), 'exp-golomb.out-of-range'],
    ['seq_parameter_set_id 32', pps(0, 32), 'exp-golomb.out-of-range'],
    ['another NAL unit', hex('67ff'), 'h264.nal-type'],
    ['nothing', hex(''), 'h264.nal-type'],
    ['the header only', hex('68'), 'ended-early'],
  ])('with %s is refused', (_name, bytes, code) => {
    expect(faultOf(() => readPpsIds(bytes))).toBe(code);
  });
});

describe('slice header', () => {
  it.each<[string, number, number, number, number, number]>([
    ['I slice of an IDR picture', 0x65, 0, 7, 0, 2],
    ['P slice', 0x41, 0, 5, 1, 0],
    ['second B slice of a picture', 0x01, 1200, 1, 3, 1],
  ])('of an %s', (_name, header, firstMacroblock, sliceType, ppsId, expectedType) => {
    const bits = new BitWriter().ue(firstMacroblock).ue(sliceType).ue(ppsId).bits(0xff, 8);
    const nalUnit = addEmulationPrevention(header, bits.toBuffer());
    expect(readSliceHead(nalUnit)).toEqual({ firstMacroblock, sliceType: expectedType, ppsId });
  });

  it('tells the PPS id, so that a picture without its parameter set can wait', () => {
    const { ppsId } = readSliceHead(
      addEmulationPrevention(0x65, new BitWriter().ue(0).ue(7).ue(9).bits(1, 1).toBuffer()),
    );
    expect(ppsId).not.toBe(readPpsIds(pps(0, 0)).ppsId);
  });

  it('of a NAL unit that is no slice is refused', () => {
    expect(faultOf(() => readSliceHead(hex('06ff')))).toBe('h264.nal-type');
  });
});
