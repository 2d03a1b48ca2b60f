import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { decodeAll, every } from '../testing/message-log.ts';
import type { LoggedMessage } from '../testing/message-log.ts';
import { pattern, rawChunk } from '../testing/raw-chunk.ts';

/** Decodes whole, byte by byte and cut in two everywhere, which must make no difference. */
function decodeAnyhow(input: Buffer): readonly LoggedMessage[] {
  const whole = decodeAll(input);
  expect(decodeAll(input, every(1))).toEqual(whole);
  for (let at = 1; at < input.length; at++) {
    expect(decodeAll(input, (bytes) => [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
  }
  return whole;
}

const data = pattern(256, 0x40);
const dataText = data.toString('hex');

/** A message of 256 bytes in two chunks, whose continuation has the given bytes before its payload. */
function twoChunks(header: { fmt: 0 | 1; time: number; extended: number }, repeated: string, payload = data): Buffer {
  return Buffer.concat([
    rawChunk({ ...header, csid: 5, length: 256, type: 9, stream: 1, data: payload.subarray(0, 128) }),
    hex('c5'),
    hex(repeated),
    payload.subarray(128),
  ]);
}

describe('extended timestamps', () => {
  it.each([0x00fffffe, 0x00ffffff, 0x01000000, 0x7fffffff, 0x80000000, 0xffffffff, 0x00000005])(
    'the absolute value %i is kept as it is',
    (extended) => {
      const input = rawChunk({
        fmt: 0,
        csid: 5,
        time: 0xffffff,
        extended,
        length: 1,
        type: 9,
        stream: 1,
        data: hex('aa'),
      });
      expect(decodeAnyhow(input)).toEqual([expect.objectContaining({ time: extended, data: 'aa' })]);
    },
  );

  it('a continuation chunk that repeats the field', () => {
    const input = twoChunks({ fmt: 0, time: 0xffffff, extended: 0x01000000 }, '01000000');
    expect(decodeAnyhow(input)).toEqual([expect.objectContaining({ time: 0x01000000, data: dataText })]);
  });

  it('a continuation chunk that omits the field, as librtmp does', () => {
    const input = twoChunks({ fmt: 0, time: 0xffffff, extended: 0x01000000 }, '');
    expect(decodeAnyhow(input)).toEqual([expect.objectContaining({ time: 0x01000000, data: dataText })]);
  });

  it('a peer that repeats the timestamp where the field was a delta', () => {
    const first = rawChunk({ fmt: 0, csid: 5, time: 7, length: 1, type: 9, stream: 1, data: hex('00') });
    const input = Buffer.concat([first, twoChunks({ fmt: 1, time: 0xffffff, extended: 0x01000000 }, '01000007')]);
    expect(decodeAnyhow(input)[1]).toMatchObject({ time: 0x01000007, data: dataText });
  });

  it('a peer known to omit the field may have a payload that looks like it', () => {
    const lookalike = Buffer.concat([pattern(128), hex('01000000'), pattern(124)]);
    const header = { fmt: 0, time: 0xffffff, extended: 0x01000000 } as const;
    const input = Buffer.concat([twoChunks(header, ''), twoChunks(header, '', lookalike)]);
    expect(decodeAnyhow(input)[1]).toMatchObject({ data: lookalike.toString('hex') });
  });

  it('a peer known to repeat the field may have a payload that looks like it', () => {
    const lookalike = Buffer.concat([pattern(128), hex('01000000'), pattern(124)]);
    const header = { fmt: 0, time: 0xffffff, extended: 0x01000000 } as const;
    const input = Buffer.concat([twoChunks(header, '01000000'), twoChunks(header, '01000000', lookalike)]);
    expect(decodeAnyhow(input)[1]).toMatchObject({ data: lookalike.toString('hex') });
  });

  it('the first look-alike of a peer that omits the field is taken for the field: one chance in 2^32', () => {
    const lookalike = Buffer.concat([pattern(128), hex('01000000'), pattern(124)]);
    // The field eats four bytes of payload, so the message waits for four more.
    const input = twoChunks({ fmt: 0, time: 0xffffff, extended: 0x01000000 }, '', lookalike);
    expect(decodeAll(input)).toEqual([]);
  });

  it('an extended delta', () => {
    const first = rawChunk({ fmt: 0, csid: 5, time: 1000, length: 1, type: 9, stream: 1, data: hex('aa') });
    const next = rawChunk({
      fmt: 1,
      csid: 5,
      time: 0xffffff,
      extended: 0x00fffc18,
      length: 1,
      type: 9,
      data: hex('bb'),
    });
    expect(decodeAnyhow(Buffer.concat([first, next]))[1]).toMatchObject({ time: 0x01000000, data: 'bb' });
  });

  it.each([
    ['with the field', '01000000', ''],
    ['with the field, from a peer known to repeat it', '01000000', '01000000'],
    ['without the field', '', ''],
    ['without the field, from a peer known to repeat it elsewhere', '', '01000000'],
  ])('a new message in fmt 3 behind an extended fmt 0, %s', (name, field, repeated) => {
    const header = { fmt: 0, time: 0xffffff, extended: 0x01000000 } as const;
    const before = name.includes('known') ? twoChunks(header, repeated) : Buffer.alloc(0);
    const one = rawChunk({ ...header, csid: 5, length: 1, type: 9, stream: 1, data: hex('aa') });
    const messages = decodeAnyhow(Buffer.concat([before, one, hex('c5'), hex(field), hex('bb')]));
    expect(messages.at(-1)).toMatchObject({ time: 0x02000000, data: 'bb' });
  });

  it('a new message in fmt 3 without the field has none in its other chunks, which says nothing of the peer', () => {
    const header = { fmt: 0, time: 0xffffff, extended: 0x01000000 } as const;
    const first = rawChunk({ ...header, csid: 5, length: 256, type: 9, stream: 1, data: data.subarray(0, 128) });
    const repeated = Buffer.concat([hex('c5 01000000'), data.subarray(128)]);
    const omitted = Buffer.concat([hex('c5'), data.subarray(0, 128), hex('c5'), data.subarray(128)]);
    const aborted = hex('02 000000 000004 02 00000000 00000005');
    // Begun under an extended timestamp and aborted, so that the new message is the first to tell anything.
    const messages = decodeAnyhow(Buffer.concat([first, aborted, omitted, first, repeated]));
    expect(messages.map((message) => message.data)).toEqual([dataText, dataText]);
  });

  it('timestamps wrap at 2^32, and a delta may lead back', () => {
    const input = Buffer.concat([
      rawChunk({
        fmt: 0,
        csid: 5,
        time: 0xffffff,
        extended: 0xfffffff0,
        length: 1,
        type: 9,
        stream: 1,
        data: hex('aa'),
      }),
      rawChunk({ fmt: 2, csid: 5, time: 0x20, data: hex('bb') }),
      rawChunk({ fmt: 2, csid: 5, time: 0xffffff, extended: 0xffffffff, data: hex('cc') }),
    ]);
    expect(decodeAnyhow(input).map(({ time }) => time)).toEqual([0xfffffff0, 0x10, 0x0f]);
  });

  it('a last chunk shorter than the field does not wait for what follows, once it differs from it', () => {
    const first = rawChunk({
      fmt: 0,
      csid: 5,
      time: 0xffffff,
      extended: 0x01000000,
      length: 129,
      type: 9,
      stream: 1,
      data: pattern(128),
    });
    expect(decodeAll(Buffer.concat([first, hex('c5 80')]))).toHaveLength(1);
    // This byte is how the field would begin. The next chunk tells.
    const ambiguous = Buffer.concat([first, hex('c5 01')]);
    expect(decodeAll(ambiguous)).toHaveLength(0);
    const next = rawChunk({ fmt: 0, csid: 6, length: 1, type: 8, stream: 1, data: hex('aa') });
    const messages = decodeAnyhow(Buffer.concat([ambiguous, next]));
    expect(messages.map(({ csid }) => csid)).toEqual([5, 6]);
    expect(messages[0]?.data.endsWith('7f01')).toBe(true);
  });

  it('chunks of one byte from a peer that omits the field', () => {
    // Payload bytes that begin like the field, then do not: what was set aside is several chunks.
    const payload = hex('aa 01 00 00 bb 01 00 00 00 cc');
    const chunks = [
      rawChunk({
        fmt: 0,
        csid: 5,
        time: 0xffffff,
        extended: 0x01c5_0077,
        length: 10,
        type: 9,
        stream: 1,
        data: payload.subarray(0, 1),
      }),
    ];
    for (let at = 1; at < 10; at++) chunks.push(rawChunk({ fmt: 3, csid: 5, data: payload.subarray(at, at + 1) }));
    const setChunkSize = hex('02 000000 000004 01 00000000 00000001');
    expect(decodeAnyhow(Buffer.concat([setChunkSize, ...chunks]))).toEqual([
      expect.objectContaining({ time: 0x01c50077, data: payload.toString('hex') }),
    ]);
  });
});
