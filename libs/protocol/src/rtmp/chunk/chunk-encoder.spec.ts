import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { pattern } from '../testing/raw-chunk.ts';
import { ChunkEncoder } from './chunk-encoder.ts';
import type { ChunkForm, OutgoingMessage } from './chunk-encoder.ts';

const message: OutgoingMessage = {
  type: 9,
  messageStreamId: 1,
  timestamp: 10,
  payload: hex('aabb'),
  chunkStreamId: 6,
};

/** What the encoder writes for one message after the other. */
function written(...messages: readonly (Partial<OutgoingMessage> & { form?: ChunkForm })[]): string[] {
  const encoder = new ChunkEncoder();
  return messages.map(({ form, ...fields }) => encoder.encode({ ...message, ...fields }, form).toString('hex'));
}

const bytes = (text: string): string => hex(text).toString('hex');

describe('ChunkEncoder', () => {
  it.each([
    [2, '02'],
    [63, '3f'],
    [64, '00 00'],
    [319, '00 ff'],
    [320, '01 00 01'],
    [65_599, '01 ff ff'],
  ])('writes chunk stream id %i as %s', (chunkStreamId, header) => {
    expect(written({ chunkStreamId })).toEqual([bytes(`${header} 00000a 000002 09 01000000 aabb`)]);
  });

  it('writes the three-byte form where two would do, when it is told to', () => {
    expect(written({ chunkStreamId: 64, form: { basicHeader: 3 } })).toEqual([
      bytes('01 00 00 00000a 000002 09 01000000 aabb'),
    ]);
    expect(() => written({ chunkStreamId: 63, form: { basicHeader: 2 } })).toThrow(RangeError);
    expect(() => written({ chunkStreamId: 320, form: { basicHeader: 2 } })).toThrow(RangeError);
    expect(() => written({ chunkStreamId: 1 })).toThrow(RangeError);
    expect(() => written({ chunkStreamId: 65_600 })).toThrow(RangeError);
  });

  it('takes the shortest format that is beyond dispute: 0, 1, 2, and no extended delta', () => {
    expect(
      written(
        {},
        { timestamp: 20, payload: hex('cc') },
        { timestamp: 25, payload: hex('dd') },
        { timestamp: 30, payload: hex('ee') },
        { timestamp: 30, payload: hex('ee'), messageStreamId: 2 },
        { timestamp: 29, payload: hex('ee'), messageStreamId: 2 },
        { timestamp: 0x2000000, payload: hex('ee'), messageStreamId: 2 },
      ),
    ).toEqual([
      bytes('06 00000a 000002 09 01000000 aabb'),
      bytes('46 00000a 000001 09 cc'),
      bytes('86 000005 dd'),
      bytes('86 000005 ee'),
      bytes('06 00001e 000001 09 02000000 ee'),
      bytes('06 00001d 000001 09 02000000 ee'),
      bytes('06 ffffff 000001 09 02000000 02000000 ee'),
    ]);
  });

  it('writes a forced format, and refuses one that would say something else', () => {
    expect(
      written(
        {},
        { timestamp: 20, form: { fmt: 1 } },
        { timestamp: 30, form: { fmt: 2 } },
        { timestamp: 40, form: { fmt: 3 } },
        { timestamp: 50, form: { fmt: 0 } },
      ),
    ).toEqual([
      bytes('06 00000a 000002 09 01000000 aabb'),
      bytes('46 00000a 000002 09 aabb'),
      bytes('86 00000a aabb'),
      bytes('c6 aabb'),
      bytes('06 000032 000002 09 01000000 aabb'),
    ]);
    // Behind fmt 0 the delta of fmt 3 is the timestamp itself.
    expect(written({}, { timestamp: 20, form: { fmt: 3 } })[1]).toBe(bytes('c6 aabb'));
    expect(() => written({}, { timestamp: 21, form: { fmt: 3 } })).toThrow('fmt 3 means a delta of 10, not 11');
    expect(() => written({ form: { fmt: 1 } })).toThrow(RangeError);
    expect(() => written({}, { messageStreamId: 2, form: { fmt: 1 } })).toThrow(RangeError);
    expect(() => written({}, { type: 8, form: { fmt: 2 } })).toThrow(RangeError);
    expect(() => written({}, { payload: hex('aa'), form: { fmt: 2 } })).toThrow(RangeError);
  });

  it('cuts messages into chunks of the chunk size', () => {
    const encoder = new ChunkEncoder(2);
    const out = encoder.encode({ ...message, payload: hex('0102030405') });
    expect(out.toString('hex')).toBe(bytes('06 00000a 000005 09 01000000 0102 c6 0304 c6 05'));
    expect(() => (encoder.chunkSize = 0)).toThrow(RangeError);
  });

  it('repeats extended timestamps in continuation chunks, or omits them when it is told to', () => {
    const long = { timestamp: 0x01020304, payload: pattern(129) };
    const head = '06 ffffff 000081 09 01000000 01020304';
    const first = pattern(128).toString('hex');
    expect(written(long)).toEqual([bytes(`${head} ${first} c6 01020304 80`)]);
    expect(written({ ...long, form: { repeatExtendedTimestamp: false } })).toEqual([bytes(`${head} ${first} c6 80`)]);
  });

  it('writes an empty message as a header alone', () => {
    expect(written({ payload: hex('') })).toEqual([bytes('06 00000a 000000 09 01000000')]);
    expect([...new ChunkEncoder().chunks({ ...message, payload: hex('') })]).toHaveLength(1);
  });

  it('refuses a message whose length does not fit', () => {
    expect(() => written({ payload: Buffer.alloc(0x1000000) })).toThrow(RangeError);
  });

  it('writes chunk by chunk what it writes at once, obeying a chunk size that changes in between', () => {
    const payload = pattern(300);
    const whole = new ChunkEncoder().encode({ ...message, payload });
    expect(Buffer.concat([...new ChunkEncoder().chunks({ ...message, payload })]).equals(whole)).toBe(true);
    const encoder = new ChunkEncoder();
    const chunks = encoder.chunks({ ...message, payload });
    expect(chunks.next().value).toHaveLength(12 + 128);
    encoder.chunkSize = 1000;
    expect(chunks.next().value).toHaveLength(1 + 172);
    expect(chunks.next().done).toBe(true);
  });
});
