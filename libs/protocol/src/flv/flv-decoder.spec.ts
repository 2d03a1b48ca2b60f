import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import type { FlvTag } from './index.ts';
import { decodeFlvHeader, encodeFlvHeader, encodeFlvTag, FlvDecoder, FlvTagType } from './index.ts';

/** Adobe Flash Video File Format 10.1, annex E.4.1: the same tag as fields and as bytes. */
const TAGS: readonly [string, FlvTag, string][] = [
  ['video', { type: 9, timestampMs: 0, data: hex('1702000000') }, '09 000005 000000 00 000000 1702000000 00000010'],
  ['audio', { type: 8, timestampMs: 23, data: hex('af01ff') }, '08 000003 000017 00 000000 af01ff 0000000e'],
  ['script', { type: 18, timestampMs: 1, data: hex('02') }, '12 000001 000001 00 000000 02 0000000c'],
  ['script in AMF3', { type: 15, timestampMs: 1, data: hex('00 1101') }, '0f 000003 000001 00 000000 001101 0000000e'],
  ['an empty one', { type: 9, timestampMs: 2, data: hex('') }, '09 000000 000002 00 000000 0000000b'],
  ['after 4 h 39 min', { type: 8, timestampMs: 0x01020304, data: hex('af') }, '08 000001 020304 01 000000 af 0000000c'],
  ['at the last timestamp', { type: 8, timestampMs: 0xffffffff, data: hex('') }, '08 000000 ffffff ff 000000 0000000b'],
];
afterEach(() => vi.restoreAllMocks());

const HEADER = '464c5601 05 00000009 00000000';
const stream = hex(HEADER + TAGS.map(([, , bytes]) => bytes).join(''));
const tags = TAGS.map(([, tag]) => tag);

describe('FLV header', () => {
  it.each<[string, { hasAudio: boolean; hasVideo: boolean }, string]>([
    ['audio and video', { hasAudio: true, hasVideo: true }, HEADER],
    ['audio', { hasAudio: true, hasVideo: false }, '464c5601 04 00000009 00000000'],
    ['video', { hasAudio: false, hasVideo: true }, '464c5601 01 00000009 00000000'],
  ])('is written and read for %s', (_name, tracks, bytes) => {
    expect(encodeFlvHeader(tracks)).toEqual(hex(bytes));
    expect(decodeFlvHeader(hex(bytes))).toEqual({ version: 1, dataOffset: 9, ...tracks });
  });

  it.each<[string, string, string]>([
    ['another signature', '464c5801 05 00000009', 'flv.signature'],
    ['version 2', '464c5602 05 00000009', 'flv.version'],
    ['a data offset inside itself', '464c5601 05 00000008', 'flv.data-offset'],
    ['a data offset far away', '464c5601 05 00010000', 'flv.data-offset'],
  ])('with %s is refused', (_name, bytes, code) => {
    expect(faultOf(() => decodeFlvHeader(hex(bytes)))).toBe(code);
    expect(faultOf(() => new FlvDecoder().push(hex(bytes)))).toBe(code);
  });

  it('every truncation is refused', () => {
    for (let length = 0; length < 9; length++) {
      expect(faultOf(() => decodeFlvHeader(hex(HEADER).subarray(0, length)))).toBe('ended-early');
    }
  });
});

describe('FLV tags', () => {
  it.each(TAGS)('%s is written', (_name, tag, bytes) => {
    expect(encodeFlvTag(tag)).toEqual(hex(bytes));
  });

  it.each(TAGS)('%s is read', (_name, tag, bytes) => {
    expect(new FlvDecoder().push(hex(HEADER + bytes))).toEqual([tag]);
  });

  it('come out the same, cut at every byte', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const decoder = new FlvDecoder();
      const found = [...decoder.push(stream.subarray(0, cut)), ...decoder.push(stream.subarray(cut))];
      expect(found).toEqual(tags);
      expect(decoder.atBoundary).toBe(true);
    }
  });

  it('come out the same, byte by byte', () => {
    const decoder = new FlvDecoder();
    expect([...stream].flatMap((byte) => decoder.push(Buffer.from([byte])))).toEqual(tags);
  });

  it('come out the same in pieces of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 }), (sizes) => {
        const decoder = new FlvDecoder();
        const found: FlvTag[] = [];
        let at = 0;
        for (const size of sizes) {
          found.push(...decoder.push(stream.subarray(at, at + size)));
          at = Math.min(at + size, stream.length);
        }
        expect([...found, ...decoder.push(stream.subarray(at))]).toEqual(tags);
      }),
    );
  });

  it('are views of a piece that holds them whole', () => {
    const [tag] = new FlvDecoder().push(stream);
    expect(tag?.data.buffer).toBe(stream.buffer);
  });

  it('are kept apart from later ones when they were cut', () => {
    const decoder = new FlvDecoder();
    decoder.push(stream.subarray(0, 26));
    const [first] = decoder.push(stream.subarray(26, 40));
    decoder.push(stream.subarray(40));
    expect(first).toEqual(tags[0]);
  });

  it('after a longer header are found', () => {
    expect(new FlvDecoder().push(hex(`464c5601050000000b abcd 00000000 ${TAGS[1]![2]}`))).toEqual([tags[1]]);
  });

  it('cut short come out never, and the decoder says so', () => {
    for (let length = 0; length < stream.length; length++) {
      const decoder = new FlvDecoder();
      const found = decoder.push(stream.subarray(0, length));
      expect(found).toEqual(tags.slice(0, found.length));
      expect(decoder.atBoundary).toBe(length >= 13 && encodedLength(found) === length);
    }
  });

  it.each<[string, string, string]>([
    ['another type', '07 000000 000000 00 000000', 'flv.tag.type'],
    ['the type of an AMF3 command', '11 000000 000000 00 000000', 'flv.tag.type'],
    ['encryption', '29 000000 000000 00 000000', 'flv.tag.encrypted'],
    ['more bytes than allowed', '09 000401 000000 00 000000', 'flv.tag.too-large'],
  ])('with %s are refused by their header alone', (_name, bytes, code) => {
    expect(faultOf(() => new FlvDecoder({ maxDataBytes: 1024 }).push(hex(HEADER + bytes)))).toBe(code);
  });

  it('that are only announced take no memory', () => {
    const rooms = vi.spyOn(Buffer, 'allocUnsafeSlow');
    new FlvDecoder().push(hex(`${HEADER} 09 ffffff 000000 00 000000 17`));
    expect(rooms.mock.calls).toHaveLength(1);
    expect(rooms.mock.calls[0]?.[0]).toBeLessThanOrEqual(4096);
  });

  it('that come byte by byte are moved a few times, not each time', () => {
    const decoder = new FlvDecoder();
    const data = Buffer.alloc(100_000, 0x41);
    const file = Buffer.concat([hex(HEADER), encodeFlvTag({ type: 9, timestampMs: 0, data })]);
    const rooms = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const tags = [...file].flatMap((byte) => decoder.push(Buffer.from([byte])));
    expect(tags.map((tag) => tag.data)).toEqual([data]);
    expect(rooms.mock.calls.length).toBeLessThan(12);
  });

  it('longer than 24 bits are not written', () => {
    const data = Buffer.alloc(0x1000000);
    expect(() => encodeFlvTag({ type: FlvTagType.video, timestampMs: 0, data })).toThrow(RangeError);
  });

  it('of real footage are all there', () => {
    const bytes = readFileSync(new URL('../../../../media/bbb-h264-aac.flv', import.meta.url));
    const decoder = new FlvDecoder();
    const found: FlvTag[] = [];
    for (let at = 0; at < bytes.length; at += 1460) found.push(...decoder.push(bytes.subarray(at, at + 1460)));
    const count = (type: number): number => found.filter((tag) => tag.type === type).length;
    // 897 pictures and 1,289 AAC frames, as ffprobe counts them, with a sequence header each and one end of sequence.
    expect([count(9), count(8), count(18), decoder.atBoundary]).toEqual([899, 1290, 1, true]);
    const again = Buffer.concat([encodeFlvHeader({ hasAudio: true, hasVideo: true }), ...found.map(encodeFlvTag)]);
    expect(again.equals(bytes)).toBe(true);
  });
});

function encodedLength(found: readonly FlvTag[]): number {
  return 13 + found.reduce((sum, tag) => sum + 15 + tag.data.length, 0);
}
