import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { decodeMp3FrameHeader, mp3FrameDuration90k } from './index.ts';

describe('MP3 frame header', () => {
  it.each<[string, string, object, number]>([
    [
      'MPEG-1, 128 kbit/s, 44.1 kHz, joint stereo',
      'fffb9064',
      {
        version: '1',
        bitrateKbps: 128,
        samplingFrequency: 44_100,
        channels: 2,
        crc: false,
        samples: 1152,
        frameBytes: 417,
      },
      2351.02,
    ],
    ['the same with padding', 'fffb9264', { frameBytes: 418 }, 2351.02],
    ['MPEG-1, 320 kbit/s, 32 kHz: the longest', 'fffbea00', { samplingFrequency: 32_000, frameBytes: 1441 }, 3240],
    [
      'MPEG-1, 32 kbit/s, 48 kHz, mono, CRC',
      'fffa14c0',
      { bitrateKbps: 32, samplingFrequency: 48_000, channels: 1, crc: true, frameBytes: 96 },
      2160,
    ],
    [
      'MPEG-2, 64 kbit/s, 22.05 kHz',
      'fff38000',
      { version: '2', bitrateKbps: 64, samplingFrequency: 22_050, samples: 576, frameBytes: 208 },
      2351.02,
    ],
    [
      'MPEG-2.5, 8 kbit/s, 8 kHz, mono',
      'ffe318c0',
      { version: '2.5', bitrateKbps: 8, samplingFrequency: 8_000, samples: 576, frameBytes: 72 },
      6480,
    ],
    ['MPEG-2.5, 160 kbit/s, 12 kHz', 'ffe3e400', { samplingFrequency: 12_000, frameBytes: 960 }, 4320],
  ])('reads %s', (_name, bytes, expected, duration) => {
    const header = decodeMp3FrameHeader(hex(bytes));
    expect(header).toMatchObject(expected);
    expect(mp3FrameDuration90k(header)).toBeCloseTo(duration, 1);
  });

  it.each<[string, string, string]>([
    ['no syncword', '49443303', 'mp3.header.sync'],
    ['the reserved version', 'ffeb9064', 'mp3.header.version'],
    ['layer I', 'ffff9064', 'mp3.header.layer'],
    ['layer II', 'fffd9064', 'mp3.header.layer'],
    ['an ADTS header', 'fff15080', 'mp3.header.layer'],
    ['the free format, which tells no size', 'fffb0064', 'mp3.header.bitrate'],
    ['bitrate index 15', 'fffbf064', 'mp3.header.bitrate'],
    ['sampling frequency index 3', 'fffb9c64', 'mp3.header.sampling-frequency'],
  ])('with %s is refused', (_name, bytes, code) => {
    expect(faultOf(() => decodeMp3FrameHeader(hex(bytes)))).toBe(code);
  });

  it('every truncation is refused', () => {
    for (let length = 0; length < 4; length++) {
      expect(faultOf(() => decodeMp3FrameHeader(hex('fffb9064').subarray(0, length)))).toBe('ended-early');
    }
  });
});

/** ISO/IEC 11172-3 and 13818-3, tables of bitrate_index and sampling_frequency for layer III: index 1 to 14, 0 to 2. */
const TABLES = [
  ['1', 0xfa, '32 40 48 56 64 80 96 112 128 160 192 224 256 320', '44100 48000 32000', 144, 1152],
  ['2', 0xf2, '8 16 24 32 40 48 56 64 80 96 112 128 144 160', '22050 24000 16000', 72, 576],
  ['2.5', 0xe2, '8 16 24 32 40 48 56 64 80 96 112 128 144 160', '11025 12000 8000', 72, 576],
] as const;

describe('the tables of an MP3 frame header', () => {
  it.each(TABLES)('MPEG-%s', (version, second, bitrates, frequencies, slots, samples) => {
    for (const [rateIndex, bitrate] of bitrates.split(' ').map(Number).entries()) {
      for (const [frequencyIndex, samplingFrequency] of frequencies.split(' ').map(Number).entries()) {
        for (const padding of [0, 1]) {
          const third = ((rateIndex + 1) << 4) | (frequencyIndex << 2) | (padding << 1);
          expect(decodeMp3FrameHeader(Buffer.from([0xff, second | 1, third, 0]))).toEqual({
            version,
            bitrateKbps: bitrate,
            samplingFrequency,
            channels: 2,
            crc: false,
            samples,
            frameBytes: Math.floor((slots * bitrate * 1000) / samplingFrequency) + padding,
          });
        }
      }
    }
  });
});
