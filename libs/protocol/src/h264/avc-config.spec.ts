import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { decodeAvcConfiguration, encodeAvcConfiguration, h264CodecString } from './index.ts';

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
    expect(decodeAvcConfiguration(hex(record))).toMatchObject(expected);
  });

  it.each(cases)('encodes one %s', (_name, record) => {
    expect(encodeAvcConfiguration(decodeAvcConfiguration(hex(record)))).toEqual(hex(record));
  });

  it('ignores the reserved bits', () => {
    const record = `01 42c01e 03 01 0019 ${BASELINE_SPS} 01 0005 ${BASELINE_PPS}`;
    expect(decodeAvcConfiguration(hex(record))).toEqual(decodeAvcConfiguration(hex(baseline)));
  });

  it('every truncation is refused, but for the end of the short form', () => {
    const whole = hex(`${high} fdf8f800`);
    for (let length = 0; length < whole.length; length++) {
      const fault = faultOf(() => decodeAvcConfiguration(whole.subarray(0, length)));
      expect(fault).toBe(length === hex(high).length ? undefined : 'ended-early');
    }
  });

  it('survives any byte anywhere', () => {
    const whole = hex(`${high} fdf8f800`);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(whole);
        changed[at] = value;
        faultOf(() => encodeAvcConfiguration(decodeAvcConfiguration(changed)));
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, string, string]>([
    ['High at level 3.1', high, 'avc1.64001f'],
    ['Constrained Baseline at level 3', baseline, 'avc1.42c01e'],
  ])('has the codec string of %s', (_name, record, expected) => {
    expect(h264CodecString(decodeAvcConfiguration(hex(record)))).toBe(expected);
  });
});

describe('BAD-AV-02', () => {
  it.each<[string, string, string]>([
    ['version 0', baseline.replace('01 42', '00 42'), 'h264.config.version'],
    ['version 2', baseline.replace('01 42', '02 42'), 'h264.config.version'],
    ['lengths of 3 bytes', baseline.replace(' ff ', ' fe '), 'h264.config.nal-length-size'],
    ['no SPS', `01 42c01e ff e0 01 0005 ${BASELINE_PPS}`, 'h264.config.no-parameter-sets'],
    ['31 SPS announced, one there', baseline.replace(' e1 ', ' ff '), 'ended-early'],
    ['an SPS longer than the rest', baseline.replace('0019', '0119'), 'ended-early'],
    ['an SPS without bytes', `01 42c01e ff e1 0000 01 0005 ${BASELINE_PPS}`, 'h264.config.parameter-set-size'],
    ['an SPS of 64 KiB', `01 42c01e ff e1 ffff ${'67'.repeat(0xffff)} 00`, 'h264.config.parameter-set-size'],
    ['no PPS', `01 42c01e ff e1 0019 ${BASELINE_SPS} 00`, 'h264.config.no-parameter-sets'],
    ['a PPS where the SPS belongs', `01 42c01e ff e1 0005 ${BASELINE_PPS} 00`, 'h264.config.parameter-set-type'],
    ['bytes behind a Baseline record', `${baseline} 00`, 'h264.config.trailing-bytes'],
    ['bytes behind the extension', `${high} fdf8f800 00`, 'h264.config.trailing-bytes'],
    ['another profile than its SPS', baseline.replace('42c01e ff', '4dc01e ff'), 'h264.config.profile-mismatch'],
    ['another level than its SPS', baseline.replace('42c01e ff', '42c01f ff'), 'h264.config.level-mismatch'],
    ['an SPS that cannot be read', '01 42c01e ff e1 0004 6742c01e 01 0001 68', 'ended-early'],
  ])('a configuration with %s is refused', (_name, record, code) => {
    expect(faultOf(() => decodeAvcConfiguration(hex(record)))).toBe(code);
  });
});
