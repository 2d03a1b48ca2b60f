import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessUnitFlag, AccessUnitReader, classifyAccessUnit, ParameterSetStore } from '../nal/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  decodeH265Configuration,
  decodeH265Sps,
  encodeH265Configuration,
  H265_PARAMETER_SETS,
  H265_SYNTAX,
  h265CodecString,
  readH265ParameterSets,
} from './index.ts';

const VPS = hex('40010c01ffff01600000030090000003000003003c95980920');
const SPS = hex('42010101600000030090000003000003003ca00a080b9f796566924caf0169c20000030002000003003c10');
const PPS = hex('4401c172b46240');
/** Made by x265; size, rate and format are what ffprobe says of them. */
const ENCODED: readonly [string, Buffer, object, string][] = [
  [
    'Main',
    SPS,
    { width: 320, height: 180, frameRate: 30, bitDepthLuma: 8, chromaFormatIdc: 1, levelIdc: 60, maxSubLayers: 1 },
    'hvc1.1.6.L60.90',
  ],
  [
    'Main 10, High tier, scaling lists, a sample aspect ratio',
    hex('42010122200000030090000003000003007ba00a080b9d48d96566924e57ff82c802cbb4e10000030001000003001e08'),
    { width: 318, height: 178, frameRate: 30, bitDepthLuma: 10, bitDepthChroma: 10, chromaFormatIdc: 1, tier: 1 },
    'hvc1.2.4.H123.90',
  ],
  [
    'Main 10 with the transfer characteristics of SMPTE ST 2084',
    hex('42010102200000030090000003000003003ca00a080c1f3b6595952930b9a84880482000000300200000030321'),
    {
      width: 320,
      height: 180,
      frameRate: 25,
      bitDepthLuma: 10,
      colour: expect.objectContaining({ transferCharacteristics: 16 }) as unknown,
    },
    'hvc1.2.4.L60.90',
  ],
  [
    'Main 10 with those of ARIB STD-B67',
    hex('42010102200000030090000003000003003ca00a080c1f3b6595952930b9a84890482000000300200000030321'),
    {
      colour: { colourPrimaries: 9, transferCharacteristics: 18, matrixCoefficients: 9, fullRange: false },
    },
    'hvc1.2.4.L60.90',
  ],
  [
    'Main 4:4:4 12',
    hex('420101040800000300980800000300001e9002840c3e7294b33349265780b4040000030004000003007820'),
    { width: 160, height: 90, bitDepthLuma: 12, chromaFormatIdc: 3, colour: undefined },
    'hvc1.4.10.L30.98.8',
  ],
];
/** As FFmpeg writes it for `SPS`: with the encoder's SEI as a fourth array. */
const RECORD = Buffer.concat([
  hex('0101600000009000000000003cf000fcfdf8f800000f04'),
  hex(`2000010018 ${VPS.toString('hex').slice(0, 48)}`),
  hex(`210001002b ${SPS.toString('hex')}`),
  hex(`2200010007 ${PPS.toString('hex')}`),
  hex('2700010004 4e010580'),
]);

describe('sequence parameter set', () => {
  it.each(ENCODED)('%s', (_, sps, expected, name) => {
    const sequence = decodeH265Sps(sps);
    expect(sequence).toMatchObject({ spsId: 0, temporalIdNested: true, ...expected });
    expect(h265CodecString({ sequence })).toBe(name);
  });

  it('is read without a VUI that makes no sense', () => {
    const cut = SPS.subarray(0, -8);
    expect(decodeH265Sps(cut)).toMatchObject({ width: 320, height: 180, frameRate: undefined });
  });

  it.each([
    ['another NAL unit', PPS, 'h265.nal-type'],
    ['nothing', Buffer.alloc(0), 'h265.nal-type'],
    ['too many bytes', Buffer.concat([SPS, Buffer.alloc(9_000, 1)]), 'h265.sps.too-long'],
    ['an end after the level', SPS.subarray(0, 18), 'ended-early'],
  ])('refuses %s', (_, bytes, code) => {
    expect(faultOf(() => decodeH265Sps(bytes))).toBe(code);
  });
});

describe('configuration record', () => {
  it('is read for length fields, parameter sets and format', () => {
    const configuration = decodeH265Configuration(RECORD);
    expect(configuration).toMatchObject({ nalLengthSize: 4, sps: [SPS], pps: [PPS] });
    expect(configuration.vps).toHaveLength(1);
    expect(configuration.sequence.width).toBe(320);
  });

  it('is written as the standard has it, and read again', () => {
    const written = encodeH265Configuration({ nalLengthSize: 2, vps: [VPS], sps: [SPS], pps: [PPS] });
    expect(written.subarray(0, 23).toString('hex')).toBe('0101600000009000000000003cf000fcfdf8f800000d03');
    expect(decodeH265Configuration(written)).toMatchObject({ nalLengthSize: 2, vps: [VPS], sps: [SPS], pps: [PPS] });
  });

  it('may be a byte stream', () => {
    const stream = Buffer.concat([VPS, SPS, PPS].flatMap((set) => [hex('00000001'), set]));
    expect(decodeH265Configuration(stream)).toMatchObject({ nalLengthSize: 4, vps: [VPS], sps: [SPS], pps: [PPS] });
  });

  it('gives what was read before a length went wrong', () => {
    expect(readH265ParameterSets(RECORD.subarray(0, -20))).toMatchObject({ sps: [SPS], pps: [] });
    expect(faultOf(() => decodeH265Configuration(RECORD.subarray(0, -20)))).toBe('h265.config.no-parameter-sets');
    for (let size = 0; size < RECORD.length; size++) readH265ParameterSets(RECORD.subarray(0, size));
  });

  it('is made of the parameter sets of a stream, by their ids', () => {
    const store = new ParameterSetStore(H265_PARAMETER_SETS);
    for (const nalUnit of [PPS, hex('4401'), hex('26018000'), SPS.subarray(0, 18), SPS]) store.add(nalUnit);
    expect(store.isComplete).toBe(false);
    store.add(Buffer.concat([VPS, hex('0000')]));
    const { version } = store;
    for (const same of [VPS, SPS, PPS]) store.add(same);
    expect([store.isComplete, store.version]).toEqual([true, version]);
    expect(decodeH265Configuration(store.toRecord(4))).toMatchObject({ vps: [VPS], sps: [SPS], pps: [PPS] });
  });
});

describe('access unit', () => {
  const { slice, idr, predicted, recoveryPoint, sei, accessUnitDelimiter, vps, sps, pps, cea608 } = AccessUnitFlag;
  const lengthPrefixed = (...units: string[]): Buffer =>
    Buffer.concat(
      units.map((unit) => {
        const bytes = hex(unit);
        const length = Buffer.alloc(4);
        length.writeUInt32BE(bytes.length);
        return Buffer.concat([length, bytes]);
      }),
    );

  it.each<[string, string[], number]>([
    ['IDR_W_RADL', ['2601 af'], slice | idr],
    ['IDR_N_LP', ['2801 af'], slice | idr],
    ['a broken link', ['2001 af'], slice | idr],
    ['a clean random access picture', ['2a01 af'], slice | idr],
    ['TRAIL_R', ['0201 d0'], slice | predicted],
    ['RASL_N', ['1001 d0'], slice | predicted],
    ['a reserved type', ['3001 d0'], 0],
    ['a picture of another layer', ['2609 af'], 0],
    [
      'all parameter sets',
      ['4601 50', '4001 0c', '4201 01', '4401 c1', '2601 af'],
      accessUnitDelimiter | vps | sps | pps | slice | idr,
    ],
    [
      'captions',
      ['4e01 0411 b500314741393403 c2ff fc9420 ff8080 ff80', '0201 d0'],
      sei | cea608 | AccessUnitFlag.cea708 | slice | predicted,
    ],
    ['a recovery point', ['4e01 0601 c480', '0201 d0'], sei | recoveryPoint | slice | predicted],
    ['SEI behind the picture', ['0201 d0', '5001 8400 80'], sei | slice | predicted],
    ['a header that is cut', ['26'], 0],
  ])('%s', (_, units, flags) => {
    expect(classifyAccessUnit(lengthPrefixed(...units), 4, H265_SYNTAX)).toBe(flags);
  });

  it('tells the first slice of a picture from the others', () => {
    const reader = new AccessUnitReader(H265_SYNTAX, 4);
    reader.read(lengthPrefixed('4601 50', '0201 d0', '0201 50'));
    expect(reader.beginsPicture).toBe(true);
    reader.read(lengthPrefixed('0201 50'));
    expect(reader.beginsPicture).toBe(false);
  });

  it('never fails but with a typed fault, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(faultOf(() => decodeH265Sps(Buffer.concat([hex('4201'), bytes])))).not.toBe('');
        readH265ParameterSets(bytes);
        faultOf(() => classifyAccessUnit(bytes, 4, H265_SYNTAX));
      }),
    );
  });
});
