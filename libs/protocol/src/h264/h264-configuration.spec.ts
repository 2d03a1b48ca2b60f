import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { decodeH264Configuration, encodeH264Configuration, h264CodecString, readH264ParameterSets } from './index.ts';

const HIGH_SPS = '6764001facd980f0117ef0110000030001000003003c0f18319a';
const HIGH_PPS = '68e97b2c8b';
const BASELINE_SPS = '6742c01ed900a02ff97011000003000100000300320f162e48';
const BASELINE_PPS = '68cb83cb20';
const HIGH_422_SPS = '677a0020b6cd9405005bb011000003000100000300640f183196';

const high = `01 64001f ff e1 001a ${HIGH_SPS} 01 0005 ${HIGH_PPS}`;
const baseline = `01 42c01e ff e1 0019 ${BASELINE_SPS} 01 0005 ${BASELINE_PPS}`;

describe('AVCDecoderConfigurationRecord', () => {
  const cases: [string, string, object][] = [
    [
      'of the test footage, High with the extension',
      `${high} fdf8f800`,
      {
        profileIndication: 100,
        profileCompatibility: 0,
        levelIndication: 31,
        nalLengthSize: 4,
        sps: [hex(HIGH_SPS)],
        pps: [hex(HIGH_PPS)],
        extension: { chromaFormat: 1, bitDepthLuma: 8, bitDepthChroma: 8, spsExtension: [] },
      },
    ],
    ['High without the extension, as many encoders send it', high, { profileIndication: 100, extension: undefined }],
    ['Baseline', baseline, { profileIndication: 66, profileCompatibility: 0xc0, levelIndication: 30 }],
    [
      'with lengths of 2 bytes, two SPS and three PPS',
      `01 42c01e fd e2 0019 ${BASELINE_SPS} 0019 ${BASELINE_SPS} 03 0005 ${BASELINE_PPS} 0005 ${BASELINE_PPS} 0005 ${BASELINE_PPS}`,
      { nalLengthSize: 2, sps: [hex(BASELINE_SPS), hex(BASELINE_SPS)] },
    ],
    ['with lengths of 1 byte', baseline.replace(' ff ', ' fc '), { nalLengthSize: 1 }],
    [
      'High 4:2:2 with 10 bits and an SPS extension',
      `01 7a0020 ff e1 001a ${HIGH_422_SPS} 01 0005 ${HIGH_PPS} fefafa 01 0003 6dabcd`,
      { extension: { chromaFormat: 2, bitDepthLuma: 10, bitDepthChroma: 10, spsExtension: [hex('6dabcd')] } },
    ],
  ];

  it.each(cases)('decodes one %s', (_name, record, expected) => {
    expect(decodeH264Configuration(hex(record))).toMatchObject(expected);
  });

  it.each(cases)('encodes one %s', (_name, record) => {
    expect(encodeH264Configuration(decodeH264Configuration(hex(record)))).toEqual(hex(record));
  });

  it('ignores the reserved bits', () => {
    const record = `01 42c01e 03 01 0019 ${BASELINE_SPS} 01 0005 ${BASELINE_PPS}`;
    expect(decodeH264Configuration(hex(record))).toEqual(decodeH264Configuration(hex(baseline)));
  });

  it('every truncation is refused, until both parameter sets are there', () => {
    const whole = hex(`${high} fdf8f800`);
    for (let length = 0; length < whole.length; length++) {
      const fault = faultOf(() => decodeH264Configuration(whole.subarray(0, length)));
      expect(fault).toBe(length >= hex(high).length ? undefined : 'h264.config.no-parameter-sets');
    }
  });

  it('survives any byte anywhere', () => {
    const whole = hex(`${high} fdf8f800`);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(whole);
        changed[at] = value;
        faultOf(() => encodeH264Configuration(decodeH264Configuration(changed)));
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, string, string]>([
    ['High at level 3.1', high, 'avc1.64001f'],
    ['Constrained Baseline at level 3', baseline, 'avc1.42c01e'],
  ])('has the codec string of %s', (_name, record, expected) => {
    expect(h264CodecString(decodeH264Configuration(hex(record)))).toBe(expected);
  });
});

describe('a bad AVCDecoderConfigurationRecord', () => {
  const expected = { sps: [hex(BASELINE_SPS)], pps: [hex(BASELINE_PPS)], profileIndication: 0x42, levelIndication: 30 };
  const annexB = `00000001 ${BASELINE_SPS} 00000001 ${BASELINE_PPS}`;

  it.each<[string, string, object?]>([
    ['version 0', baseline.replace('01 42', '00 42')],
    ['version 2', baseline.replace('01 42', '02 42')],
    ['lengths of 3 bytes', baseline.replace(' ff ', ' fe '), { nalLengthSize: 3 }],
    ['no SPS announced', baseline.replace(' e1 ', ' e0 ')],
    ['31 SPS announced, one there', baseline.replace(' e1 ', ' ff ')],
    ['no PPS announced', baseline.replace('01 0005', '00 0005')],
    ['200 PPS announced, one there', baseline.replace('01 0005', 'c8 0005')],
    ['an SPS without bytes before it', baseline.replace('e1 0019', 'e2 0000 0019')],
    ['bytes behind a Baseline record', `${baseline} 00ff`],
    ['another profile than its SPS', baseline.replace('42c01e ff', '4dc01e ff')],
    ['another level than its SPS', baseline.replace('42c01e ff', '42c01f ff')],
    ['Annex B in its place', annexB, { nalLengthSize: 4 }],
    ['Annex B with three bytes a start code', annexB.replaceAll('00000001', '000001')],
  ])('a configuration with %s is read as decoders read it', (_name, record, more = {}) => {
    expect(decodeH264Configuration(hex(record))).toMatchObject({ ...expected, ...more });
  });

  it.each<[string, string]>([
    ['bytes behind the extension', `${high} fdf8f800 00`],
    ['a cut extension', `${high} fdf8`],
  ])('a configuration with %s is read as decoders read it', (_name, record) => {
    expect(decodeH264Configuration(hex(record))).toMatchObject({ sps: [hex(HIGH_SPS)], pps: [hex(HIGH_PPS)] });
  });

  it('leaves to decoders what is in an SPS', () => {
    expect(decodeH264Configuration(hex(`01 42c01e ff e1 0004 6742c01e 01 0005 ${BASELINE_PPS}`))).toMatchObject({
      sps: [hex('6742c01e')],
    });
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['no SPS', `01 42c01e ff e0 01 0005 ${BASELINE_PPS}`],
    ['an SPS longer than the rest', baseline.replace('0019', '0119').replace('0005', '0105')],
    ['an SPS of 64 KiB', `01 42c01e ff e1 ffff ${'67'.repeat(0xffff)} 00`],
    ['no PPS', `01 42c01e ff e1 0019 ${BASELINE_SPS} 00`],
    ['start codes and nothing else', '00000001 00000001'],
  ])('a configuration with %s is refused', (_name, record) => {
    expect(faultOf(() => decodeH264Configuration(hex(record)))).toBe('h264.config.no-parameter-sets');
  });

  it('gives what is there of a record that leaves the rest to the stream', () => {
    const { sps, pps } = readH264ParameterSets(hex(`01 42c01e ff e1 0019 ${BASELINE_SPS} 00`));
    expect([sps, pps]).toEqual([[hex(BASELINE_SPS)], []]);
    expect(readH264ParameterSets(hex(''))).toEqual({ nalLengthSize: 4, sps: [], pps: [], extension: undefined });
  });
});
