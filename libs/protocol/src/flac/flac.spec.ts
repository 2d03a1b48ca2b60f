import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FlvDecoder, readAudioTag } from '../flv/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  decodeStreaminfo,
  encodeDfla,
  encodeFlacHeader,
  flacFrameSamples,
  streaminfoOf,
  withoutStatistics,
} from './index.ts';

/** Blocks of 4,608 samples, 48 kHz, mono, 16 bits. */
const STREAMINFO = hex(`1200 1200 000000 000000 0bb800f000000000 ${'00'.repeat(16)}`);

describe('STREAMINFO', () => {
  it('is read alone, and behind the signature', () => {
    const expected = { minBlockSize: 4_608, maxBlockSize: 4_608, sampleRate: 48_000, channels: 1, bitsPerSample: 16 };
    expect(decodeStreaminfo(STREAMINFO)).toEqual(expected);
    const header = encodeFlacHeader(STREAMINFO);
    expect(header.subarray(0, 8)).toEqual(hex('664c6143 80000022'));
    for (const body of [STREAMINFO, header, Buffer.concat([header, hex('04000000')])])
      expect(streaminfoOf(body)).toEqual(STREAMINFO);
    expect(encodeDfla(STREAMINFO)).toEqual(Buffer.concat([hex('00000000 80000022'), STREAMINFO]));
  });

  it('has nothing that an encoder counts once that is left out', () => {
    const ended = hex(`1200 1200 000483 0009b5 0bb800f000017700 ${'a5'.repeat(16)}`);
    expect(withoutStatistics(ended)).toEqual(STREAMINFO);
    expect(withoutStatistics(STREAMINFO)).toEqual(STREAMINFO);
  });

  it.each<[string, Buffer, string]>([
    ['another signature', Buffer.concat([hex('4f676753 80000022'), STREAMINFO]), 'flac.signature'],
    ['another block', Buffer.concat([hex('664c6143 04000022'), STREAMINFO]), 'flac.block'],
    ['nothing', hex(''), 'ended-early'],
    ['half of it', encodeFlacHeader(STREAMINFO).subarray(0, 20), 'ended-early'],
  ])('is not found in %s', (_name, body, code) => {
    expect(faultOf(() => streaminfoOf(body))).toBe(code);
  });

  it.each<[string, number, number]>([
    ['no sampling frequency', 10, 0],
    ['blocks that are too short', 0, 0],
    ['a longest block that is shorter than the shortest', 2, 0x11],
  ])('refuses %s', (_name, at, value) => {
    const bytes = Buffer.from(STREAMINFO);
    bytes[at] = value;
    if (at === 10) bytes.fill(0, 10, 13);
    if (at === 0) bytes[1] = 15;
    expect(faultOf(() => decodeStreaminfo(bytes))).toBe('flac.streaminfo');
  });
});

describe('frame', () => {
  // RFC 9639 table 14 and section 9.1.5.
  it.each<[string, string, number | undefined]>([
    ['192 samples', 'fff8 19 08 00 00', 192],
    ['4,608 samples', 'fff8 5a 08 00 81', 4_608],
    ['4,096 samples', 'fff9 c9 08 00 00', 4_096],
    ['a size of eight bits', 'fff8 69 08 00 ff', 256],
    ['a size of 16 bits behind a frame number of two bytes', 'fff8 79 08 c280 0a11', 2_578],
    ['a size that is missing', 'fff8 79 08 fc8080808080', undefined],
    ['a reserved size', 'fff8 09 08 00 00', undefined],
    ['another sync code', 'fffb 59 08 00 00', undefined],
    ['too few bytes', 'fff8 59 08 00', undefined],
  ])('of %s', (_name, bytes, samples) => {
    expect(flacFrameSamples(hex(bytes))).toBe(samples);
  });

  it('lasts as long as the encoder of footage says', () => {
    const tags = new FlvDecoder()
      .push(readFileSync(new URL('../../../../media/bbb-flac-enhanced.flv', import.meta.url)))
      .filter(({ type }) => type === 8)
      .map(({ timestampMs, data }) => ({ timestampMs, data, tag: readAudioTag(data) }))
      .filter(({ tag, data }) => tag.packetType === 1 && data.length > tag.dataOffset);
    const samples = tags.map(({ data, tag }) => flacFrameSamples(data.subarray(tag.dataOffset))!);
    expect(samples.slice(0, -1).every((count) => count === 4_608)).toBe(true);
    for (const [index, { timestampMs }] of tags.entries())
      expect(Math.abs(timestampMs - tags[0]!.timestampMs - index * 96)).toBeLessThan(2);
  });

  it('never fails but with a typed error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        faultOf(() => decodeStreaminfo(streaminfoOf(bytes)));
        flacFrameSamples(Buffer.concat([hex('fff8'), bytes]));
      }),
    );
  });
});
