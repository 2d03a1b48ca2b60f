import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { faultOf } from '../../testing/protocol-fault.ts';
import { encodeAggregate, splitAggregate } from './aggregate.ts';

/** What is in an aggregate. */
function split(payload: Buffer, timestamp: number, max?: number): unknown[] {
  const out: unknown[] = [];
  splitAggregate(payload, timestamp, (type, time, body) => out.push([type, time, body.toString('hex')]), max);
  return out;
}

/** Video at 100, audio at 110: FLV tag headers with the lowest 24 bits of time first, then the highest 8. */
const two = hex('09 000002 000064 00 000000 aabb 0000000d  08 000001 00006e 00 000000 cc 0000000c');

describe('aggregate messages', () => {
  it('holds messages whose times count from its own', () => {
    expect(split(two, 100)).toEqual([
      [9, 100, 'aabb'],
      [8, 110, 'cc'],
    ]);
    expect(split(two, 5000)).toEqual([
      [9, 5000, 'aabb'],
      [8, 5010, 'cc'],
    ]);
    expect(split(two, 0xffffffff)).toEqual([
      [9, 0xffffffff, 'aabb'],
      [8, 9, 'cc'],
    ]);
  });

  it('is written', () => {
    const messages = [
      { type: 9, timestamp: 100, payload: hex('aabb') },
      { type: 8, timestamp: 110, payload: hex('cc') },
    ];
    expect(encodeAggregate(messages, 0).equals(two)).toBe(true);
  });

  it('has times of 32 bits, the highest byte last', () => {
    const one = encodeAggregate([{ type: 9, timestamp: 0x01020304, payload: hex('') }], 1);
    expect(one.toString('hex')).toBe(hex('09 000000 020304 01 000001 0000000b').toString('hex'));
    expect(split(one, 7)).toEqual([[9, 7, '']]);
  });

  it('fails cleanly at every truncation, behind the messages that are whole', () => {
    for (let length = 1; length < two.length; length++) {
      const seen: number[] = [];
      const fault = faultOf(() => splitAggregate(two.subarray(0, length), 0, (type) => seen.push(type)));
      expect(fault).toBe(length === 17 ? undefined : 'ended-early');
      expect(seen).toEqual(length < 17 ? [] : [9]);
    }
  });

  it.each([
    ['an inner size beyond the end', '09 0000ff 000064 00 000000 aabb 0000000d', 'ended-early'],
    ['an aggregate in an aggregate', '16 000002 000064 00 000000 aabb 0000000d', 'rtmp.aggregate.nested'],
    ['a wrong back pointer', '09 000002 000064 00 000000 aabb 0000000c', 'rtmp.aggregate.bad-back-pointer'],
    [
      'times that go backwards',
      '09 000000 000064 00 000000 0000000b 09 000000 000063 00 000000 0000000b',
      'rtmp.aggregate.backwards',
    ],
  ])('%s', (_name, bytes, code) => {
    expect(faultOf(() => split(hex(bytes), 0))).toBe(code);
  });

  it('a hundred thousand empty messages', () => {
    const empty = hex('09 000000 000064 00 000000 0000000b');
    expect(faultOf(() => split(Buffer.concat(new Array<Buffer>(100_000).fill(empty)), 0))).toBe(
      'rtmp.aggregate.too-many',
    );
    expect(split(Buffer.concat(new Array<Buffer>(1024).fill(empty)), 0)).toHaveLength(1024);
    expect(split(Buffer.concat([empty, empty]), 0, 2)).toHaveLength(2);
    expect(faultOf(() => split(Buffer.concat([empty, empty, empty]), 0, 2))).toBe('rtmp.aggregate.too-many');
  });

  it('times may wrap inside', () => {
    const wrap = encodeAggregate(
      [0xfffffff0, 0x10].map((timestamp) => ({ type: 9, timestamp, payload: hex('') })),
      0,
    );
    expect(split(wrap, 0xfffffff0)).toEqual([
      [9, 0xfffffff0, ''],
      [9, 0x10, ''],
    ]);
  });

  it('gives back what was put in', () => {
    const message = fc.record({ type: fc.constantFrom(8, 9, 18), step: fc.nat(1000), payload: fc.uint8Array() });
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.array(message, { minLength: 1 }), (start, messages) => {
        let timestamp = start;
        const timed = messages.map(({ step, ...rest }, i) => {
          timestamp = i === 0 ? start : (timestamp + step) % 2 ** 32;
          return { ...rest, timestamp };
        });
        expect(split(encodeAggregate(timed, 1), start)).toEqual(
          timed.map(({ type, timestamp: time, payload }) => [type, time, Buffer.from(payload).toString('hex')]),
        );
      }),
    );
  });
});
