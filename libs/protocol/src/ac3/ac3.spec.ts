import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FlvDecoder, readAudioTag } from '../flv/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { decodeAc3Syncframe, decodeDac3, decodeDec3, decodeEac3AccessUnit, encodeDac3, encodeDec3 } from './index.ts';

const framesOf = (file: string): Buffer[] =>
  new FlvDecoder()
    .push(readFileSync(new URL(`../../../../media/${file}`, import.meta.url)))
    .filter(({ type }) => type === 8)
    .map(({ data }) => ({ data, tag: readAudioTag(data) }))
    .filter(({ tag }) => tag.packetType === 1)
    .map(({ data, tag }) => data.subarray(tag.dataOffset));

describe('AC-3', () => {
  // Fields written by hand from tables 4.1, 4.3 and 4.13.
  it.each<[string, string, object]>([
    ['48 kHz, stereo, 128 kbit/s', '0b77 0000 10 40 43e1', { samplingFrequency: 48_000, channels: 2, frameBytes: 512 }],
    ['48 kHz, 5.1, 448 kbit/s', '0b77 0000 1e 40 e1e0', { channels: 6, acmod: 7, lfeon: true, frameBytes: 1792 }],
    ['44.1 kHz, 32 kbit/s', '0b77 0000 40 40 4000', { samplingFrequency: 44_100, frameBytes: 138 }],
    ['44.1 kHz, 32 kbit/s and a word more', '0b77 0000 41 40 4000', { frameBytes: 140 }],
    ['32 kHz, mono, 640 kbit/s', '0b77 0000 a5 40 2000', { samplingFrequency: 32_000, channels: 1, frameBytes: 3840 }],
  ])('%s', (_name, bytes, expected) => {
    const frame = decodeAc3Syncframe(hex(bytes));
    expect(frame).toMatchObject({ bsid: 8, bsmod: 0, ...expected });
    const { frameBytes: _, ...configuration } = frame;
    expect(decodeDac3(encodeDac3(configuration))).toEqual(configuration);
  });

  it('has the box that FFmpeg writes', () => {
    // fscod 0, bsid 8, bsmod 0, acmod 2, lfeon 0, bit_rate_code 8, reserved.
    expect(encodeDac3(decodeAc3Syncframe(hex('0b77 0000 10 40 43e1')))).toEqual(hex('10 11 00'));
  });

  it.each<[string, string, string]>([
    ['another syncword', '770b 0000 10 40 43e1', 'ac3.syncword'],
    ['a reserved sampling frequency', '0b77 0000 d0 40 43e1', 'ac3.fscod'],
    ['a reserved bit rate', '0b77 0000 26 40 43e1', 'ac3.bit-rate'],
    ['a later version', '0b77 0000 10 48 43e1', 'ac3.bsid'],
  ])('refuses %s', (_name, bytes, code) => {
    expect(faultOf(() => decodeAc3Syncframe(hex(bytes)))).toBe(code);
  });

  it('is whole in every message of footage', () => {
    const frames = framesOf('bbb-ac3-enhanced.flv');
    expect(frames).toHaveLength(125);
    for (const frame of frames) expect(decodeAc3Syncframe(frame).frameBytes).toBe(frame.length);
    for (let length = 0; length < 7; length++)
      expect(faultOf(() => decodeAc3Syncframe(frames[0]!.subarray(0, length)))).toBe('ended-early');
    expect(faultOf(() => decodeDac3(hex('1011')))).toBe('ended-early');
  });
});

/** A syncframe of 20 bytes: strmtyp, substreamid, numblkscod, acmod and lfeon as given, and what follows dialnorm. */
function syncframe(streamType: number, substreamId: number, blocks: number, acmod: number, tail = ''): Buffer {
  const bits =
    '0000101101110111' +
    [
      [streamType, 2],
      [substreamId, 3],
      [9, 11],
      [0, 2],
      [blocks, 2],
      [acmod, 3],
      [1, 1],
      [16, 5],
      [31, 5],
      [0, 1],
    ]
      .map(([value, size]) => value!.toString(2).padStart(size!, '0'))
      .join('') +
    tail;
  const bytes = bits.padEnd(160, '0').match(/.{8}/g)!;
  return Buffer.from(bytes.map((byte) => parseInt(byte, 2)));
}

describe('Enhanced AC-3', () => {
  const [SIX, ONE] = [3, 0];

  it('is whole in every message of footage', () => {
    const frames = framesOf('bbb-eac3-enhanced.flv');
    expect(frames).toHaveLength(125);
    const expected = { bytes: 768, samples: 1536, samplingFrequency: 48_000, channels: 6, dataRate: 192 };
    for (const frame of frames) expect(decodeEac3AccessUnit(frame)).toMatchObject(expected);
    const record = encodeDec3(decodeEac3AccessUnit(frames[0]!));
    // data_rate 192, one substream: fscod 0, bsid 16, bsmod 0, acmod 7, lfeon 1, none that depends on it.
    expect(record).toEqual(hex('0600 20 0f 00'));
    expect(decodeDec3(record)).toMatchObject({ channels: 6, samplingFrequency: 48_000, dataRate: 192 });
    for (let length = 0; length < frames[0]!.length; length += 7)
      expect(faultOf(() => decodeEac3AccessUnit(frames[0]!.subarray(0, length)))).toBe('ended-early');
  });

  it('goes on to the next independent frame: substreams that depend on one add their channels', () => {
    // chanmape 1, chanmap with Lrs/Rrs.
    const dependent = syncframe(1, 0, SIX, 2, `1${'0000001000000000'}`);
    const unit = decodeEac3AccessUnit(Buffer.concat([syncframe(0, 0, SIX, 7), dependent, syncframe(0, 0, SIX, 7)]));
    expect(unit).toMatchObject({ bytes: 40, samples: 1536, channels: 8 });
    expect(unit.substreams).toMatchObject([{ dependents: 1, channelLocations: 0b10 }]);
    expect(decodeDec3(encodeDec3(unit))).toMatchObject({ substreams: unit.substreams, channels: 8 });
  });

  it('has six blocks where as many are there, and all programs', () => {
    const short = syncframe(0, 0, ONE, 2);
    expect(decodeEac3AccessUnit(Buffer.concat(new Array<Buffer>(7).fill(short)))).toMatchObject({
      bytes: 120,
      samples: 1536,
      substreams: [{ dependents: 0 }],
    });
    expect(decodeEac3AccessUnit(Buffer.concat([short, short]))).toMatchObject({ bytes: 40, samples: 512 });
    const two = decodeEac3AccessUnit(Buffer.concat([syncframe(0, 0, SIX, 2), syncframe(0, 1, SIX, 1)]));
    expect(two.substreams.map(({ acmod }) => acmod)).toEqual([2, 1]);
  });

  it.each<[string, Buffer, string]>([
    ['a dependent substream first', syncframe(1, 0, SIX, 2), 'eac3.substream'],
    ['another program first', syncframe(0, 1, SIX, 2), 'eac3.substream'],
    ['a reserved type', syncframe(3, 0, SIX, 2), 'eac3.stream-type'],
    ['AC-3', hex('0b77 0000 10 40 43e1 0000 0000'), 'eac3.bsid'],
    ['nothing of the kind', Buffer.alloc(20), 'eac3.syncword'],
    [
      'too many programs',
      Buffer.concat([0, 1, 2, 3, 4, 5, 6, 7, 1].map((id) => syncframe(0, id, SIX, 2))),
      'eac3.substream',
    ],
    [
      'different numbers of blocks',
      Buffer.concat([syncframe(0, 0, SIX, 2), syncframe(0, 1, ONE, 2)]),
      'eac3.substream',
    ],
  ])('refuses %s', (_name, bytes, code) => {
    expect(faultOf(() => decodeEac3AccessUnit(bytes))).toBe(code);
  });

  it('never fails but with a typed error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        faultOf(() => decodeEac3AccessUnit(Buffer.concat([hex('0b77'), bytes])));
        faultOf(() => decodeAc3Syncframe(Buffer.concat([hex('0b77'), bytes])));
        faultOf(() => encodeDec3(decodeDec3(bytes)));
        faultOf(() => encodeDac3(decodeDac3(bytes)));
      }),
    );
  });
});
