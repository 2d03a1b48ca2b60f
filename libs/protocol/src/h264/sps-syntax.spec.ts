// ITU-T H.264 sections 7.3.2.1.1 and E.1.1: every branch of the syntax of an SPS, written field by field.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitWriter } from '../bytes/index.ts';
import { addEmulationPrevention } from '../nal/index.ts';
import { decodeSps, spsFrameRate } from './index.ts';

/** Section 7.3.2.1.1 names these; all others have no chroma format, bit depths and scaling matrices. */
const HIGH = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

const coin = fc.boolean();
/** Section 7.3.2.1.1.1: a list of as many deltas as it has places, or one that ends early with a scale of 0. */
const scalingList = fc.option(fc.record({ stopAt: fc.option(fc.nat(63), { nil: undefined }) }), { nil: undefined });
const hrd = fc.option(fc.array(fc.tuple(fc.nat(70_000), fc.nat(70_000)), { minLength: 1, maxLength: 32 }), {
  nil: undefined,
});

/** video_full_range_flag of what is described. */
const FULL_RANGE = true;

const vui = fc.record({
  aspect: fc.option(fc.oneof(fc.nat(20), fc.tuple(fc.nat(0xffff), fc.nat(0xffff))), { nil: undefined }),
  overscan: fc.option(coin, { nil: undefined }),
  video: fc.option(fc.option(fc.nat(0xffffff), { nil: undefined }), { nil: 'absent' as const }),
  chromaLocation: fc.option(fc.tuple(fc.nat(5), fc.nat(5)), { nil: undefined }),
  timing: fc.option(
    fc.record({
      unitsInTick: fc.integer({ min: 1, max: 0xffffffff }),
      timeScale: fc.integer({ min: 1, max: 0xffffffff }),
      fixed: coin,
    }),
    { nil: undefined },
  ),
  nalHrd: hrd,
  vclHrd: hrd,
  reorder: fc.option(fc.nat(16), { nil: undefined }),
});

const fields = fc.record({
  profileIdc: fc.constantFrom(66, 77, 88, ...HIGH),
  constraintFlags: fc.nat(255),
  levelIdc: fc.constantFrom(9, 10, 30, 40, 62),
  spsId: fc.nat(31),
  chromaFormatIdc: fc.nat(3),
  separatePlanes: coin,
  bitDepthLuma: fc.integer({ min: 8, max: 14 }),
  bitDepthChroma: fc.integer({ min: 8, max: 14 }),
  lists: fc.option(fc.array(scalingList, { minLength: 12, maxLength: 12 }), { nil: undefined }),
  poc: fc.oneof(
    fc.record({ type: fc.constant(0 as const), bits: fc.nat(12) }),
    fc.record({
      type: fc.constant(1 as const),
      offsets: fc.array(fc.integer({ min: -99, max: 99 }), { maxLength: 255 }),
    }),
    fc.record({ type: fc.constant(2 as const) }),
  ),
  maxRefFrames: fc.nat(16),
  frameMbsOnly: coin,
  widthInMbs: fc.integer({ min: 8, max: 200 }),
  heightInMapUnits: fc.integer({ min: 8, max: 100 }),
  crop: fc.option(fc.tuple(fc.nat(7), fc.nat(7), fc.nat(7), fc.nat(7)), { nil: undefined }),
  vui: fc.option(vui, { nil: undefined }),
});

type Fields = typeof fields extends fc.Arbitrary<infer F> ? F : never;
type Vui = NonNullable<Fields['vui']>;

function writeScalingList(bits: BitWriter, list: { readonly stopAt: number | undefined }, size: number): void {
  // From 8 down to 0 at the place where it stops; up by one each, and over 256 back to what is small, where it does not.
  let scale = 8;
  for (let place = 0; place < size; place++) {
    if (place === list.stopAt) {
      bits.se(-scale);
      return;
    }
    bits.se(1);
    scale = (scale + 1) % 256;
  }
}

function writeHrd(bits: BitWriter, list: readonly (readonly [number, number])[] | undefined): void {
  bits.flag(list !== undefined);
  if (list === undefined) return;
  bits.ue(list.length - 1).bits(0xa5, 8);
  for (const [rate, size] of list) bits.ue(rate).ue(size).flag(true);
  bits.bits(0xfffff, 20);
}

function writeVui(bits: BitWriter, { aspect, overscan, video, chromaLocation, timing, ...rest }: Vui): void {
  bits.flag(aspect !== undefined);
  if (typeof aspect === 'number') bits.bits(aspect, 8);
  else if (aspect !== undefined) bits.bits(255, 8).bits(aspect[0], 16).bits(aspect[1], 16);
  bits.flag(overscan !== undefined);
  if (overscan !== undefined) bits.flag(overscan);
  bits.flag(video !== 'absent');
  if (video !== 'absent') {
    bits
      .bits(5, 3)
      .flag(FULL_RANGE)
      .flag(video !== undefined);
    if (video !== undefined) bits.bits(video, 24);
  }
  bits.flag(chromaLocation !== undefined);
  if (chromaLocation !== undefined) bits.ue(chromaLocation[0]).ue(chromaLocation[1]);
  bits.flag(timing !== undefined);
  if (timing !== undefined) bits.bits(timing.unitsInTick, 32).bits(timing.timeScale, 32).flag(timing.fixed);
  writeHrd(bits, rest.nalHrd);
  writeHrd(bits, rest.vclHrd);
  if (rest.nalHrd !== undefined || rest.vclHrd !== undefined) bits.flag(true);
  bits.flag(true).flag(rest.reorder !== undefined);
  if (rest.reorder !== undefined) bits.flag(true).ue(2).ue(1).ue(16).ue(16).ue(rest.reorder).ue(16);
}

function writePictureOrderCount(bits: BitWriter, poc: Fields['poc']): void {
  bits.ue(poc.type);
  if (poc.type === 0) bits.ue(poc.bits);
  if (poc.type !== 1) return;
  bits.flag(true).se(-7).se(7).ue(poc.offsets.length);
  for (const offset of poc.offsets) bits.se(offset);
}

function writeSps(f: Fields): Buffer {
  const bits = new BitWriter().bits(f.profileIdc, 8).bits(f.constraintFlags, 8).bits(f.levelIdc, 8).ue(f.spsId);
  if (HIGH.includes(f.profileIdc)) {
    bits.ue(f.chromaFormatIdc);
    if (f.chromaFormatIdc === 3) bits.flag(f.separatePlanes);
    bits
      .ue(f.bitDepthLuma - 8)
      .ue(f.bitDepthChroma - 8)
      .flag(true);
    bits.flag(f.lists !== undefined);
    const lists = (f.lists ?? []).slice(0, f.chromaFormatIdc === 3 ? 12 : 8);
    for (const [index, list] of lists.entries()) {
      bits.flag(list !== undefined);
      if (list !== undefined) writeScalingList(bits, list, index < 6 ? 16 : 64);
    }
  }
  bits.ue(12);
  writePictureOrderCount(bits, f.poc);
  bits
    .ue(f.maxRefFrames)
    .flag(true)
    .ue(f.widthInMbs - 1)
    .ue(f.heightInMapUnits - 1)
    .flag(f.frameMbsOnly);
  if (!f.frameMbsOnly) bits.flag(true);
  bits.flag(true).flag(f.crop !== undefined);
  for (const side of f.crop ?? []) bits.ue(side);
  bits.flag(f.vui !== undefined);
  if (f.vui !== undefined) writeVui(bits, f.vui);
  return addEmulationPrevention(0x67, bits.flag(true).align().toBuffer());
}

/** Table 6-1 and equations 7-19 to 7-22: the units of a crop. */
function cropUnits(f: Fields): readonly [number, number] {
  const format = HIGH.includes(f.profileIdc) ? f.chromaFormatIdc : 1;
  const chromaArrayType = format === 3 && f.separatePlanes ? 0 : format;
  const fields = f.frameMbsOnly ? 1 : 2;
  if (chromaArrayType === 1) return [2, 2 * fields];
  return [chromaArrayType === 2 ? 2 : 1, fields];
}

/** Table E-1. */
const ASPECTS = '- 1:1 12:11 10:11 16:11 40:33 24:11 20:11 32:11 80:33 18:11 15:11 64:33 160:99 4:3 3:2 2:1'.split(' ');

const expectedColour = (video: Vui['video']) =>
  typeof video === 'number'
    ? {
        colourPrimaries: video >> 16,
        transferCharacteristics: (video >> 8) & 0xff,
        matrixCoefficients: video & 0xff,
        fullRange: FULL_RANGE,
      }
    : undefined;

function expectedAspect(aspect: Vui['aspect']): readonly number[] | undefined {
  if (typeof aspect === 'number') {
    const text = ASPECTS[aspect];
    return text === undefined || text === '-' ? undefined : text.split(':').map(Number);
  }
  return aspect === undefined || aspect.includes(0) ? undefined : aspect;
}

describe('the syntax of an SPS', () => {
  it('is read in every branch', () => {
    fc.assert(
      fc.property(fields, (f) => {
        const sps = decodeSps(writeSps(f));
        const high = HIGH.includes(f.profileIdc);
        const [left = 0, right = 0, top = 0, bottom = 0] = f.crop ?? [];
        const [unitX, unitY] = cropUnits(f);
        expect(sps).toEqual({
          spsId: f.spsId,
          profileIdc: f.profileIdc,
          constraintFlags: f.constraintFlags,
          levelIdc: f.levelIdc,
          chromaFormatIdc: high ? f.chromaFormatIdc : 1,
          bitDepthLuma: high ? f.bitDepthLuma : 8,
          bitDepthChroma: high ? f.bitDepthChroma : 8,
          maxRefFrames: f.maxRefFrames,
          frameMbsOnly: f.frameMbsOnly,
          width: f.widthInMbs * 16 - (left + right) * unitX,
          height: f.heightInMapUnits * (f.frameMbsOnly ? 16 : 32) - (top + bottom) * unitY,
          vui: f.vui && {
            sampleAspectRatio: expectedAspect(f.vui.aspect),
            colour: expectedColour(f.vui.video),
            timing: f.vui.timing,
            maxReorderFrames: f.vui.reorder,
          },
        });
        const timing = f.vui?.timing;
        expect(spsFrameRate(sps)).toBe(timing && timing.timeScale / timing.unitsInTick / 2);
      }),
      { numRuns: 400 },
    );
  });

  it.each(ASPECTS.map((ratio, idc) => [idc, ratio] as const))('aspect_ratio_idc %i means %s', (idc, ratio) => {
    const f = fc.sample(fields, { numRuns: 1, seed: 1 })[0];
    const shape = fc.sample(vui, { numRuns: 1, seed: 1 })[0];
    if (f === undefined || shape === undefined) throw new Error('no sample');
    const sps = decodeSps(writeSps({ ...f, vui: { ...shape, aspect: idc } }));
    expect(sps.vui?.sampleAspectRatio?.join(':') ?? '-').toBe(ratio);
  });
});
