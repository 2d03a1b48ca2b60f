import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { decodeAll, every, MessageLog } from '../testing/message-log.ts';
import { pattern, rawAbort, rawChunk, rawMessage, rawSetChunkSize } from '../testing/raw-chunk.ts';
import { ChunkDecoder } from './chunk-decoder.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Input written by hand or from section 5.3, and the messages in it. */
const streams: readonly [name: string, input: Buffer, messages: readonly Record<string, unknown>[]][] = [
  [
    'a message in one chunk (fmt 0)',
    hex('03 00000a 000004 14 01000000 01020304'),
    [{ csid: 3, time: 10, type: 20, stream: 1, data: '01020304' }],
  ],
  [
    'the message stream id is little-endian, the rest big-endian',
    hex('03 010203 000001 09 04030201 ff'),
    [{ csid: 3, time: 0x010203, type: 9, stream: 0x01020304, data: 'ff' }],
  ],
  [
    'a message of 307 bytes in three chunks (section 5.3.2.2)',
    rawMessage(4, { time: 1000, type: 9, stream: 12346, data: pattern(307) }),
    [{ csid: 4, time: 1000, type: 9, stream: 12346, data: text(pattern(307)) }],
  ],
  [
    'four audio messages of one stream in fmt 0, 2, 3, 3 (section 5.3.2.1)',
    Buffer.concat([
      rawChunk({ fmt: 0, csid: 3, time: 1000, length: 32, type: 8, stream: 12345, data: pattern(32) }),
      rawChunk({ fmt: 2, csid: 3, time: 20, data: pattern(32, 1) }),
      rawChunk({ fmt: 3, csid: 3, data: pattern(32, 2) }),
      rawChunk({ fmt: 3, csid: 3, data: pattern(32, 3) }),
    ]),
    [1000, 1020, 1040, 1060].map((time, i) => ({ time, type: 8, stream: 12345, data: text(pattern(32, i)) })),
  ],
  [
    'fmt 1 keeps the message stream and changes length and type',
    Buffer.concat([
      rawMessage(6, { time: 5, type: 9, stream: 7, data: pattern(3) }),
      rawChunk({ fmt: 1, csid: 6, time: 7, length: 2, type: 8, data: hex('aabb') }),
    ]),
    [
      { time: 5, stream: 7, type: 9 },
      { time: 12, stream: 7, type: 8, data: 'aabb' },
    ],
  ],
  [
    'fmt 3 behind fmt 1 repeats its delta',
    Buffer.concat([
      rawMessage(6, { time: 5, data: pattern(2) }),
      rawChunk({ fmt: 1, csid: 6, time: 7, length: 1, type: 9, data: hex('aa') }),
      rawChunk({ fmt: 3, csid: 6, data: hex('bb') }),
    ]),
    [{ time: 5 }, { time: 12 }, { time: 19, data: 'bb' }],
  ],
  [
    'fmt 3 as a new message behind fmt 0: the delta is the timestamp of that (section 5.3.1.2.4)',
    hex('04 00001a 000001 08 01000000 aa c4 bb c4 cc'),
    [
      { time: 26, data: 'aa' },
      { time: 52, data: 'bb' },
      { time: 78, data: 'cc' },
    ],
  ],
  [
    'fmt 1 on the fresh chunk stream 2, as librtmp pings',
    hex('42 000000 000006 04 0006 00000d0f'),
    [{ csid: 2, time: 0, type: 4, stream: 0, data: '000600000d0f' }],
  ],
  [
    'two interleaved messages, the shorter one complete first',
    Buffer.concat([
      rawChunk({ fmt: 0, csid: 6, time: 1, length: 200, type: 9, stream: 1, data: pattern(128) }),
      rawMessage(4, { time: 2, type: 8, data: hex('0102') }),
      rawChunk({ fmt: 3, csid: 6, data: pattern(72, 128) }),
    ]),
    [
      { csid: 4, time: 2, data: '0102' },
      { csid: 6, time: 1, data: text(pattern(200)) },
    ],
  ],
  [
    'Set Chunk Size holds for the next chunk',
    Buffer.concat([rawSetChunkSize(4096), rawMessage(4, { data: pattern(4000) }, 4096)]),
    [{ data: text(pattern(4000)) }],
  ],
  [
    'Set Chunk Size in the middle of a message on another chunk stream',
    Buffer.concat([
      rawChunk({ fmt: 0, csid: 5, length: 300, type: 9, stream: 1, data: pattern(128) }),
      rawSetChunkSize(256),
      rawChunk({ fmt: 3, csid: 5, data: pattern(172, 128) }),
    ]),
    [{ csid: 5, data: text(pattern(300)) }],
  ],
  [
    'chunk sizes 1, then 65536, then 100, inside one message',
    Buffer.concat([
      rawChunk({ fmt: 0, csid: 5, length: 70_000, type: 9, stream: 1, data: pattern(128) }),
      rawSetChunkSize(1),
      rawChunk({ fmt: 3, csid: 5, data: pattern(1, 128) }),
      // While the chunk size is 1, the next Set Chunk Size comes in chunks of 1 itself.
      rawMessage(2, { type: 1, stream: 0, data: hex('00010000') }, 1),
      rawChunk({ fmt: 3, csid: 5, data: pattern(65_536, 129) }),
      rawSetChunkSize(100),
      ...Array.from({ length: 44 }, (_, i) => {
        const at = 128 + 1 + 65_536 + i * 100;
        return rawChunk({ fmt: 3, csid: 5, data: pattern(Math.min(100, 70_000 - at), at) });
      }),
    ]),
    [{ csid: 5, data: text(pattern(70_000)) }],
  ],
  [
    'Abort drops what was there of a message; fmt 3 then begins a new one',
    Buffer.concat([
      rawChunk({ fmt: 0, csid: 5, time: 7, length: 130, type: 9, stream: 1, data: pattern(128) }),
      rawAbort(5),
      rawChunk({ fmt: 3, csid: 5, data: pattern(128, 7) }),
      rawChunk({ fmt: 3, csid: 5, data: pattern(2, 135) }),
    ]),
    [{ csid: 5, time: 14, data: text(pattern(130, 7)) }],
  ],
  [
    'Abort of chunk streams with nothing on them: unknown, idle, 2 itself, the highest',
    Buffer.concat([
      rawMessage(5, { data: hex('01') }),
      ...[5, 6, 2, 65_599].map(rawAbort),
      rawMessage(5, { data: hex('02') }),
    ]),
    [{ data: '01' }, { data: '02' }],
  ],
  [
    'messages of length 0, one after the other',
    hex('05 000000 000000 09 01000000 c5 c5 45 000001 000001 08 aa'),
    [
      { type: 9, data: '' },
      { type: 9, data: '' },
      { type: 9, data: '' },
      { type: 8, time: 1, data: 'aa' },
    ],
  ],
];

describe('ChunkDecoder', () => {
  describe.each(streams)('%s', (_name, input, messages) => {
    const expected = messages.map((message): unknown => expect.objectContaining(message));

    it('whole', () => {
      expect(decodeAll(input)).toEqual(expected);
    });

    it('byte by byte', () => {
      expect(decodeAll(input, every(1))).toEqual(expected);
    });

    it('cut in two at every place', () => {
      // In long input only where something else than payload may be cut.
      const places = input.length < 2_000 ? input.length : 40;
      for (let at = 0; at <= places; at++) {
        for (const place of [at, input.length - at]) {
          expect(decodeAll(input, (whole) => [whole.subarray(0, place), whole.subarray(place)])).toEqual(expected);
        }
      }
    });
  });

  // Section 5.3.1.1, and the numbers of the catalogue.
  it.each([
    ['02', 2],
    ['3f', 63],
    ['00 00', 64],
    ['00 ff', 319],
    ['01 00 00', 64],
    ['01 01 00', 65],
    ['01 00 01', 320],
    ['01 ff ff', 65_599],
  ])('basic header %s is chunk stream %i', (header, csid) => {
    const input = Buffer.concat([hex(header), hex('000000 000001 09 01000000 aa')]);
    expect(decodeAll(input)).toEqual([expect.objectContaining({ csid, data: 'aa' })]);
    expect(decodeAll(input, every(1))).toEqual([expect.objectContaining({ csid, data: 'aa' })]);
  });

  it('both forms of chunk stream 64 are one chunk stream', () => {
    const input = hex('00 00 000005 000001 09 01000000 aa  81 00 00 000003 bb  c0 00 cc');
    expect(decodeAll(input)).toEqual([
      expect.objectContaining({ csid: 64, time: 5, data: 'aa' }),
      expect.objectContaining({ csid: 64, time: 8, data: 'bb' }),
      expect.objectContaining({ csid: 64, time: 11, data: 'cc' }),
    ]);
  });

  it('gives each message memory of its own, that later input does not touch', () => {
    const kept: Buffer[] = [];
    const decoder = new ChunkDecoder({ onMessage: (_type, _stream, _time, payload) => void kept.push(payload) });
    for (let i = 0; i < 300; i++) decoder.push(rawMessage(4, { data: Buffer.alloc(1 + ((i * 37) % 900), i) }));
    kept.forEach((payload, i) => expect(payload.equals(Buffer.alloc(1 + ((i * 37) % 900), i))).toBe(true));
    // Neither does what one owner writes show in another's message.
    kept[0]?.fill(0xff);
    expect(kept[1]?.every((byte) => byte === 1)).toBe(true);
  });

  it('counts what is unfinished, and nothing once it is finished or aborted', () => {
    const decoder = new ChunkDecoder(new MessageLog());
    decoder.push(rawChunk({ fmt: 0, csid: 5, length: 300, type: 9, stream: 1, data: pattern(128) }));
    expect(decoder.unassembledBytes).toBe(300);
    decoder.push(rawChunk({ fmt: 0, csid: 6, length: 200, type: 9, stream: 1, data: pattern(128) }));
    expect(decoder.unassembledBytes).toBe(500);
    decoder.push(rawAbort(5));
    expect(decoder.unassembledBytes).toBe(200);
    decoder.push(rawChunk({ fmt: 3, csid: 6, data: pattern(72) }));
    expect(decoder.unassembledBytes).toBe(0);
  });

  it('hands over nothing after it was stopped, not even from the same input', () => {
    const log = new MessageLog();
    const decoder = new ChunkDecoder({
      onMessage(type, stream, time, payload, csid) {
        log.onMessage(type, stream, time, payload, csid);
        decoder.stop();
      },
    });
    decoder.push(Buffer.concat([rawMessage(4, { data: hex('01') }), rawMessage(4, { data: hex('02') })]));
    decoder.push(rawMessage(4, { data: hex('03') }));
    expect(log.messages).toHaveLength(1);
  });
});
