// The checker must find what is wrong: each case breaks one thing in a stream that conforms.
import { describe, expect, it } from 'vitest';
import type { TsRule } from '../testing/index.ts';
import { muxSegment } from '../index.ts';
import { checkSegment, checkTransportStream } from '../testing/index.ts';
import { both, picture, pictures, sounds, videoOnly } from '../testing/synthetic.ts';

const units = [...pictures(25, 900), ...sounds(40)];
const { bytes, continuity } = muxSegment(both, units);
const count = bytes.length / 188;
const packet = (index: number): Buffer => bytes.subarray(index * 188, (index + 1) * 188);
const indices = Array.from({ length: count }, (_, index) => index);
const pidOf = (index: number): number => packet(index).readUInt16BE(1) & 0x1fff;
const isStart = (index: number): boolean => (packet(index)[1]! & 0x40) !== 0;
const firstWith = (test: (index: number) => boolean): number => indices.find(test) ?? -1;
const keep = (test: (index: number) => boolean): Buffer => Buffer.concat(indices.filter(test).map(packet));
/** A copy with the byte at `offset` of packet `index` changed. */
function patch(index: number, offset: number, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  copy[index * 188 + offset] = change(copy[index * 188 + offset]!);
  return copy;
}
const plain = firstWith((index) => pidOf(index) === 0x100 && (packet(index)[3]! & 0x30) === 0x10);
const stuffed = firstWith((index) => !isStart(index) && (packet(index)[3]! & 0x20) !== 0 && packet(index)[4]! > 1);
const audioStart = firstWith((index) => pidOf(index) === 0x101 && isStart(index));
const secondPicture = firstWith((index) => pidOf(index) === 0x100 && isStart(index) && index > 3);
const tables = indices.filter((index) => pidOf(index) === 0 || pidOf(index) === 0x1000);

describe('conformance checker', () => {
  it('has nothing to say about a stream that conforms', () => {
    expect(checkSegment(bytes)).toEqual([]);
  });

  it.each<[TsRule, string, Buffer]>([
    ['1.1 sync-loss', 'a packet cut short', bytes.subarray(0, bytes.length - 1)],
    ['1.2 sync-byte', 'a wrong sync byte', patch(5, 0, () => 0x46)],
    ['1.3 pat', 'no PAT', keep((index) => pidOf(index) !== 0)],
    ['1.3 pat', 'another table on PID 0', patch(0, 5, () => 0x01)],
    ['1.3 pat', 'a scrambled PAT', patch(0, 3, (byte) => byte | 0x80)],
    ['1.3 pat', 'more than 0.5 s without PAT', keep((index) => index < 2 || !tables.includes(index))],
    ['1.4 continuity', 'a lost packet', keep((index) => index !== plain)],
    [
      '1.4 continuity',
      'a repeated packet',
      Buffer.concat([...indices.slice(0, plain + 1), ...indices.slice(plain)].map(packet)),
    ],
    ['1.5 pmt', 'no PMT', keep((index) => pidOf(index) !== 0x1000)],
    ['1.5 pmt', 'more than 0.5 s without PMT', keep((index) => index < 2 || pidOf(index) !== 0x1000)],
    ['1.6 pid', 'a stream of the PMT that does not come', keep((index) => pidOf(index) !== 0x101)],
    ['1.6 pid', 'a stream that is in no PMT', patch(plain, 2, () => 0x77)],
    ['2.1 transport', 'a damaged packet', patch(plain, 1, (byte) => byte | 0x80)],
    ['2.2 crc', 'a changed PAT', patch(0, 17, (byte) => byte ^ 1)],
    ['2.2 crc', 'a changed PMT', patch(1, 15, (byte) => byte ^ 1)],
    ['2.4 pcr-discontinuity', 'a PCR that goes back', patch(secondPicture, 7, (byte) => byte - 1)],
    [
      'adaptation-field',
      'stuffing that is not all ones',
      patch(stuffed, 187 - 1, (byte) => byte).fill(0, stuffed * 188 + 6, stuffed * 188 + 7),
    ],
    ['adaptation-field', 'an adaptation field out of the packet', patch(stuffed, 4, () => 184)],
    [
      'pes',
      'a wrong PES length',
      patch(audioStart, 188 - 1, (byte) => byte).fill(1, pesAt(audioStart) + 5, pesAt(audioStart) + 6),
    ],
    ['pes', 'no start code', Buffer.from(bytes).fill(2, pesAt(audioStart) + 2, pesAt(audioStart) + 3)],
    [
      'pes',
      'the prefix of another timestamp',
      Buffer.from(bytes).fill(0x31, pesAt(audioStart) + 9, pesAt(audioStart) + 10),
    ],
    ['pes', 'a missing marker bit', Buffer.from(bytes).fill(0, pesAt(audioStart) + 13, pesAt(audioStart) + 14)],
    ['timestamps', 'a DTS before the PCR', patch(secondPicture, 5 + 7 + 9 + 2, (byte) => byte - 16)],
  ])('%s: %s', (rule, _name, stream) => {
    expect(checkTransportStream(stream).map((violation) => violation.rule)).toContain(rule);
  });

  it('2.3 pcr-repetition: more than 100 ms, or whatever is asked for', () => {
    const slow = muxSegment(videoOnly, pictures(5, 500, 7_200)).bytes;
    expect(checkTransportStream(slow)).toEqual([]);
    const rules = checkTransportStream(slow, { maxPcrIntervalMs: 40 }).map((violation) => violation.rule);
    expect(rules).toEqual(new Array<TsRule>(4).fill('2.3 pcr-repetition'));
  });

  it('2.5 pts: more than 700 ms', () => {
    const rare = muxSegment(videoOnly, pictures(3, 500, 90_000)).bytes;
    expect(checkTransportStream(rare).map((violation) => violation.rule)).toEqual(['2.5 pts', '2.5 pts']);
  });

  it('timestamps: a DTS that goes back', () => {
    const back = muxSegment(videoOnly, [...pictures(3), picture(3_600, 100)]).bytes;
    expect(checkTransportStream(back).map((violation) => violation.rule)).toContain('timestamps');
  });

  it('a jump of the timeline is none when it is announced', () => {
    const later = units.map((unit) => ({ ...unit, dts90k: unit.dts90k + 90_000_000 }));
    const silent = muxSegment({ ...both, continuity }, later).bytes;
    const announced = muxSegment({ ...both, continuity, discontinuity: true }, later).bytes;
    expect(checkTransportStream(Buffer.concat([bytes, silent])).map((one) => one.rule)).toContain('2.3 pcr-repetition');
    expect(checkTransportStream(Buffer.concat([bytes, announced]))).toEqual([]);
  });

  it('segment-start: tables first, then an entry point', () => {
    const rules = (stream: Buffer): TsRule[] => checkSegment(stream).map((violation) => violation.rule);
    expect(rules(muxSegment(videoOnly, pictures(2)).bytes)).toEqual([]);
    expect(rules(muxSegment(videoOnly, [picture(0, 10)]).bytes)).toEqual(['segment-start']);
    const swapped = Buffer.concat([packet(1), packet(0), bytes.subarray(2 * 188)]);
    expect(rules(swapped)).toContain('segment-start');
    expect(rules(Buffer.alloc(0))).toContain('segment-start');
  });
});

/** Where the PES header of a packet lies in the whole stream. */
function pesAt(index: number): number {
  const one = packet(index);
  return index * 188 + ((one[3]! & 0x20) === 0 ? 4 : 5 + one[4]!);
}
