import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import type { AudioTag } from './index.ts';
import {
  AudioFourCc,
  AudioPacketType,
  encodeAacTagHeader,
  encodeExAudioTagHeader,
  encodeMp3TagHeader,
  FlvDecoder,
  fourCcName,
  readAudioTag,
} from './index.ts';

const { sequenceStart, codedFrames, sequenceEnd, multichannelConfig } = AudioPacketType;

/** Enhanced RTMP v2, "ExAudioTagHeader", one track. */
const EXTENDED: readonly [string, string, keyof typeof AudioFourCc, number, number][] = [
  ['Opus sequence start', '90 4f707573', 'opus', sequenceStart, 0],
  ['Opus frame', '91 4f707573', 'opus', codedFrames, 0],
  ['Opus channel layout', '94 4f707573', 'opus', multichannelConfig, 0],
  ['AAC frame', '91 6d703461', 'aac', codedFrames, 0],
  ['AC-3 frame', '91 61632d33', 'ac3', codedFrames, 0],
  ['E-AC-3 frame', '91 65632d33', 'eac3', codedFrames, 0],
  ['FLAC end of sequence', '92 664c6143', 'flac', sequenceEnd, 0],
  ['MP3 frame', '91 2e6d7033', 'mp3', codedFrames, 0],
  ['nanoseconds before a frame', '97 02 000064 01 6d703461', 'aac', codedFrames, 100],
];

describe('audio message', () => {
  it.each<[string, string, Partial<AudioTag>]>([
    ['AAC sequence header', 'af 00 1210', { codec: 'aac', packetType: sequenceStart, soundBits: 15, dataOffset: 2 }],
    ['AAC frame', 'af 01 2110', { codec: 'aac', packetType: codedFrames, dataOffset: 2 }],
    ['AAC frame whose low bits say 8 kHz mono', 'a2 01', { codec: 'aac', soundBits: 2, dataOffset: 2 }],
    ['MP3 frame', '2f fffb9064', { codec: 'mp3', packetType: codedFrames, dataOffset: 1 }],
    ['MP3 at 8 kHz', 'e2 ffe3', { codec: 'mp3', dataOffset: 1 }],
    ['PCM', '0f', { codec: 'pcm', dataOffset: 1 }],
    ['ADPCM', '1f', { codec: 'adpcm' }],
    ['little-endian PCM', '3f', { codec: 'pcm-le' }],
    ['Nellymoser at 16 kHz', '46', { codec: 'nellymoser' }],
    ['Nellymoser at 8 kHz', '56', { codec: 'nellymoser' }],
    ['Nellymoser', '6f', { codec: 'nellymoser' }],
    ['G.711 A-law', '7f', { codec: 'g711-a' }],
    ['G.711 mu-law', '8f', { codec: 'g711-mu' }],
    ['Speex', 'b2', { codec: 'speex' }],
    ['a reserved number', 'cf', { codec: 'unknown' }],
    ['device specific sound', 'ff', { codec: 'device' }],
    ['an unknown FourCC', '91 58585858', { codec: 'unknown', fourCc: 0x58585858, extended: true }],
  ])('reads %s', (_name, bytes, expected) => {
    expect(readAudioTag(hex(bytes))).toMatchObject(expected);
  });

  it.each(EXTENDED)('extended: %s', (_name, header, codec, packetType, nanoOffset) => {
    const tag = readAudioTag(hex(`${header} c0ffee`));
    expect(tag).toMatchObject({ codec, extended: true, packetType, nanoOffset, dataOffset: hex(header).length });
    expect(fourCcName(tag.fourCc)).toBe(AudioFourCc[codec]);
    expect(encodeExAudioTagHeader({ codec, packetType, nanoOffset })).toEqual(hex(header));
  });

  it('writes legacy headers', () => {
    expect(encodeAacTagHeader(codedFrames)).toEqual(hex('af01'));
    expect(encodeMp3TagHeader(15)).toEqual(hex('2f'));
  });

  it('every truncation of a header is a typed error', () => {
    for (const header of ['af01', ...EXTENDED.map(([, bytes]) => bytes)].map(hex)) {
      for (let length = 0; length < header.length; length++) {
        expect(faultOf(() => readAudioTag(header.subarray(0, length)))).toBe('ended-early');
      }
    }
  });

  it('comes back from any header', () => {
    const header = fc.record({
      codec: fc.constantFrom(...(Object.keys(AudioFourCc) as (keyof typeof AudioFourCc)[])),
      packetType: fc.constantFrom(sequenceStart, codedFrames, sequenceEnd, multichannelConfig),
      nanoOffset: fc.nat(999_999),
    });
    fc.assert(
      fc.property(header, (fields) => {
        const bytes = encodeExAudioTagHeader(fields);
        expect(readAudioTag(bytes)).toMatchObject({ ...fields, dataOffset: bytes.length });
      }),
    );
  });

  it('is Opus in the footage that came over Enhanced RTMP', () => {
    const bytes = readFileSync(new URL('../../../../media/bbb-av1-opus-enhanced.flv', import.meta.url));
    const tags = new FlvDecoder().push(bytes).filter((tag) => tag.type === 8);
    const heads = tags.map((tag) => readAudioTag(tag.data));
    expect(new Set(heads.map((head) => head.codec))).toEqual(new Set(['opus']));
    expect(heads.slice(0, 3).map((head) => head.packetType)).toEqual([sequenceStart, multichannelConfig, codedFrames]);
  });
});

describe('an audio message that ends early', () => {
  it.each<[string, string]>([
    ['0 bytes', ''],
    ['1 byte', 'af'],
  ])('an audio message of %s is a typed error', (_name, bytes) => {
    expect(faultOf(() => readAudioTag(hex(bytes)))).toBe('ended-early');
  });
});

describe('an audio codec that changes', () => {
  it.each<[string, string, string]>([
    ['AAC to MP3', '2f', 'mp3'],
    ['AAC to Opus', '91 4f707573', 'opus'],
    ['Speex', 'b6', 'speex'],
    ['Nellymoser', '62', 'nellymoser'],
  ])('a switch of codec is seen: %s', (_name, bytes, codec) => {
    expect(readAudioTag(hex(bytes)).codec).toBe(codec);
  });
});
