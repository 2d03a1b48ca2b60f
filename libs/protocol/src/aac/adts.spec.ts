import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitReader } from '../bytes/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import type { AudioSpecificConfig } from './index.ts';
import {
  adtsHeaderBytes,
  decodeAdtsHeader,
  decodeAudioSpecificConfig,
  encodeAdtsPrefix,
  encodeAudioSpecificConfig,
  MAX_AAC_ACCESS_UNIT_BYTES,
  MAX_ADTS_FRAME_BYTES,
  patchAdtsFrameBytes,
} from './index.ts';

const config = (bytes: string): AudioSpecificConfig => decodeAudioSpecificConfig(hex(bytes));

/** ISO/IEC 14496-3 section 1.A.2.2: the same header as fields and as bytes. */
const CASES: readonly [string, string, number, string][] = [
  ['LC, 44.1 kHz, stereo', '1210', 13, 'fff15080 01bffc'],
  ['LC, 48 kHz, 5.1, the longest frame', '11b0', 0x1fff, 'fff14d83 fffffc'],
  ['Main, 96 kHz, mono', '0808', 200, 'fff10040 191ffc'],
  ['HE-AAC at its core rate', '2b920800', 300, 'fff15c80 259ffc'],
];

describe('ADTS header', () => {
  it.each(CASES)('is written for %s', (_name, bytes, frameBytes, expected) => {
    const prefix = encodeAdtsPrefix(config(bytes));
    patchAdtsFrameBytes(prefix, 0, frameBytes);
    expect(prefix.toString('hex')).toBe(hex(expected).toString('hex'));
  });

  it.each(CASES)('is read for %s', (_name, bytes, frameBytes, header) => {
    const { objectType, samplingFrequency, channelConfiguration } = config(bytes);
    expect(decodeAdtsHeader(hex(header))).toEqual({
      id: 0,
      objectType,
      samplingFrequency,
      channelConfiguration,
      headerBytes: 7,
      frameBytes,
      bufferFullness: 0x7ff,
      rawDataBlocks: 1,
    });
  });

  it('is read with CRC, of MPEG-2, with four raw data blocks', () => {
    expect(decodeAdtsHeader(hex('fff85080 05dfff'))).toMatchObject({
      id: 1,
      headerBytes: 9,
      rawDataBlocks: 4,
      frameBytes: 46,
    });
  });

  it('patches any length without touching other fields', () => {
    fc.assert(
      fc.property(fc.integer({ min: 7, max: MAX_ADTS_FRAME_BYTES }), (frameBytes) => {
        const prefix = encodeAdtsPrefix(config('1210'));
        patchAdtsFrameBytes(prefix, 0, 0x1555);
        patchAdtsFrameBytes(prefix, 0, frameBytes);
        expect(decodeAdtsHeader(prefix)).toMatchObject({ frameBytes, channelConfiguration: 2, bufferFullness: 0x7ff });
      }),
    );
  });

  it('is followed by the program config element where there is one', () => {
    const element = { pair: true, tag: 0 };
    const whole: AudioSpecificConfig = {
      ...config('1210'),
      channelConfiguration: 0,
      channels: 2,
      programConfig: {
        instanceTag: 0,
        objectType: 1,
        samplingFrequencyIndex: 4,
        front: [element],
        side: [],
        back: [],
        lfeTags: [],
        dataTags: [],
        coupling: [],
        monoMixdown: undefined,
        stereoMixdown: undefined,
        matrixMixdown: undefined,
        comment: Buffer.alloc(0),
      },
    };
    expect(config(encodeAudioSpecificConfig(whole).toString('hex'))).toEqual(whole);
    const prefix = encodeAdtsPrefix(whole);
    patchAdtsFrameBytes(prefix, 0, 100);
    expect(decodeAdtsHeader(prefix).channelConfiguration).toBe(0);
    const bits = new BitReader(prefix.subarray(7), 'test');
    expect([bits.bits(3), bits.bits(4), bits.bits(2), bits.bits(4), bits.bits(4)]).toEqual([5, 0, 1, 4, 1]);
  });

  it.each<[string, string]>([
    ['a rate that is in no table', '178049d410'],
    ['channel configuration 11', '1258'],
    ['960 samples a frame', '1214'],
  ])('cannot say %s', (_name, bytes) => {
    expect(faultOf(() => encodeAdtsPrefix(config(bytes)))).toBe('aac.adts.not-expressible');
  });

  it.each<[string, string, string]>([
    ['no syncword', 'ffe15080 01bffc', 'aac.adts.sync'],
    ['a layer', 'fff35080 01bffc', 'aac.adts.layer'],
    ['frequency index 13', 'fff17480 01bffc', 'aac.sampling-frequency'],
    ['a frame shorter than its header', 'fff15080 00dffc', 'aac.adts.frame-length'],
  ])('with %s is refused', (_name, bytes, code) => {
    expect(faultOf(() => decodeAdtsHeader(hex(bytes)))).toBe(code);
  });

  it('every truncation is refused', () => {
    for (let length = 0; length < 7; length++) {
      expect(faultOf(() => decodeAdtsHeader(hex('fff1508001bffc').subarray(0, length)))).toBe('ended-early');
    }
  });
});

describe('ADTS in place of raw AAC', () => {
  it.each<[string, string, number]>([
    ['raw AAC', '2110049042 000000', 0],
    ['ADTS inside raw', 'fff15080 013ffc 2110', 7],
    ['ADTS with CRC inside raw', 'fff05080 017ffc abcd 2110', 9],
    ['an ADTS header of another length', 'fff15080 015ffc 2110', 0],
    ['an ADTS header with nothing behind it', 'fff15080 00fffc', 7],
    ['an ADTS header with a CRC that is cut', 'fff05080 00fffc', 0],
    ['an ADTS header of several raw data blocks', 'fff15080 013ffd 2110', 0],
    ['a syncword of another layer', 'fff35080 013ffc 2110', 0],
    ['a lone syncword', 'fff1', 0],
    ['nothing', '', 0],
  ])('%s is told by its header', (_name, payload, expected) => {
    expect(adtsHeaderBytes(hex(payload))).toBe(expected);
  });

  it('is told at every length', () => {
    for (let bits = 0; bits < 13; bits++) {
      const payload = Buffer.alloc(Math.max(8, 1 << bits));
      payload.set(encodeAdtsPrefix(config('1210')));
      patchAdtsFrameBytes(payload, 0, payload.length);
      expect(adtsHeaderBytes(payload)).toBe(7);
      // The bit before the length is copyright_identification_start.
      payload[3] = payload[3]! | 4;
      expect(adtsHeaderBytes(payload)).toBe(7);
      expect(adtsHeaderBytes(Buffer.concat([payload, Buffer.of(0)]))).toBe(0);
    }
  });

  it('the longest access unit is the one that 13 bits of length allow', () => {
    expect(MAX_AAC_ACCESS_UNIT_BYTES).toBe(8184);
  });
});
