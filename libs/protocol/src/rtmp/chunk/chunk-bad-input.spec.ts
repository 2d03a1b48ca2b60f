// Hostile chunk streams, case by case; each test is named after its entry in the project's catalogue of bad input.
import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { faultOf } from '../../testing/protocol-fault.ts';
import { decodeAll, every, MessageLog } from '../testing/message-log.ts';
import { pattern, rawChunk, rawMessage, rawSetChunkSize } from '../testing/raw-chunk.ts';
import { ChunkDecoder } from './chunk-decoder.ts';
import { DEFAULT_CHUNK_DECODER_LIMITS } from './chunk-limits.ts';

const MIB = 1024 * 1024;

/** The fault of input, which must be the same however it is cut. */
function faultOfInput(input: Buffer): string | undefined {
  const fault = faultOf(() => decodeAll(input));
  expect(faultOf(() => decodeAll(input, every(1)))).toBe(fault);
  return fault;
}

describe('ChunkDecoder under attack', () => {
  it.each([
    'c5',
    'c5 ffff',
    '85 000000',
    '45 000000 000010 09',
    'c2',
    '82 000000',
    'c0 00',
    'c1 ff ff',
    '40 01 000000 000001 08 00',
  ])('%s: fmt 1, 2 or 3 on a chunk stream that was never opened', (bytes) => {
    expect(faultOfInput(hex(bytes))).toBe('rtmp.chunk.unknown-stream');
  });

  it('a million messages of length 0 neither spin nor hold memory', () => {
    const empty = hex('05 000000 000000 09 01000000');
    const input = Buffer.concat(new Array<Buffer>(10_000).fill(empty));
    let count = 0;
    const decoder = new ChunkDecoder({ onMessage: () => void (count += 1) });
    for (let i = 0; i < 100; i++) decoder.push(input);
    expect(count).toBe(1_000_000);
    expect(decoder.unassembledBytes).toBe(0);
  });

  it('Set Chunk Size of length 0', () => {
    expect(faultOfInput(rawSetChunkSize(Buffer.alloc(0)))).toBe('ended-early');
  });

  it('promises of 16 MiB on every chunk stream end at the first that is too large', () => {
    expect(faultOfInput(hex('05 000000 ffffff 09 01000000'))).toBe('rtmp.chunk.message-too-large');
  });

  it('promises within the message limit end at the limit of the connection', () => {
    const begin = (csid: number): Buffer =>
      rawChunk({ fmt: 0, csid, length: 8 * MIB, type: 9, stream: 1, data: pattern(128) });
    const decoder = new ChunkDecoder(new MessageLog());
    decoder.push(Buffer.concat([begin(3), begin(4)]));
    expect(decoder.unassembledBytes).toBe(16 * MIB);
    expect(faultOf(() => decoder.push(begin(5)))).toBe('rtmp.chunk.too-much-unassembled');
  });

  it('as many chunk streams as allowed and no more', () => {
    const { maxChunkStreams } = DEFAULT_CHUNK_DECODER_LIMITS;
    const decoder = new ChunkDecoder(new MessageLog());
    const open = (i: number): Buffer => rawMessage(2 + i * 1000, { data: hex('aa') });
    for (let i = 0; i < maxChunkStreams; i++) decoder.push(open(i));
    expect(faultOf(() => decoder.push(open(maxChunkStreams)))).toBe('rtmp.chunk.too-many-streams');
  });

  describe('limits at one below, at, and one above', () => {
    const limits = { ...DEFAULT_CHUNK_DECODER_LIMITS, maxMessageBytes: 100, maxUnassembledBytes: 150 };
    const begin = (csid: number, length: number): Buffer => rawChunk({ fmt: 0, csid, length, type: 9, stream: 1 });
    const fault = (...chunks: Buffer[]): string | undefined =>
      faultOf(() => decodeAll(Buffer.concat(chunks), undefined, limits));

    it.each([
      [99, undefined],
      [100, undefined],
      [101, 'rtmp.chunk.message-too-large'],
    ])('a message of %i bytes where 100 are accepted', (length, code) => {
      expect(fault(begin(3, length))).toBe(code);
    });

    it.each([
      [49, undefined],
      [50, undefined],
      [51, 'rtmp.chunk.too-much-unassembled'],
    ])('%i bytes beside 100 unfinished ones where 150 are accepted', (length, code) => {
      // No payload yet: the second header follows where the first chunk's data would be, so it has to be sent whole.
      const first = rawChunk({ fmt: 0, csid: 3, length: 100, type: 9, stream: 1, data: pattern(10) });
      const decoder = new ChunkDecoder(new MessageLog(), limits);
      decoder.push(rawSetChunkSize(10));
      decoder.push(first);
      expect(faultOf(() => decoder.push(begin(4, length)))).toBe(code);
    });
  });

  it.each([
    ['00000000', 'rtmp.chunk.bad-chunk-size'],
    ['00000001', 1],
    ['0000007f', 127],
    ['00000080', 128],
    ['00010000', 65_536],
    ['00ffffff', 16_777_215],
    ['01000000', 16_777_215],
    ['7fffffff', 16_777_215],
    ['80000080', 'rtmp.chunk.bad-chunk-size'],
    ['ffffffff', 'rtmp.chunk.bad-chunk-size'],
  ])('Set Chunk Size %s', (size, outcome) => {
    const decoder = new ChunkDecoder(new MessageLog());
    const fault = faultOf(() => decoder.push(rawSetChunkSize(hex(size))));
    expect(fault ?? decoder.chunkSize).toBe(outcome);
  });

  it('chunk sizes outside a configured range are refused', () => {
    const limits = { ...DEFAULT_CHUNK_DECODER_LIMITS, minChunkSize: 128, maxChunkSize: 65_536 };
    const fault = (size: number): string | undefined =>
      faultOf(() => decodeAll(rawSetChunkSize(size), undefined, limits));
    expect([127, 128, 65_536, 65_537, 0x7fffffff].map(fault)).toEqual([
      'rtmp.chunk.bad-chunk-size',
      undefined,
      undefined,
      'rtmp.chunk.bad-chunk-size',
      'rtmp.chunk.bad-chunk-size',
    ]);
  });

  it.each([
    [1, 'ended-early'],
    [3, 'ended-early'],
    [5, 'rtmp.control.trailing-bytes'],
    [128, 'rtmp.control.trailing-bytes'],
  ])('Set Chunk Size with a body of %i bytes', (length, code) => {
    expect(faultOfInput(rawSetChunkSize(Buffer.alloc(length, 1)))).toBe(code);
  });

  it('Set Chunk Size on another chunk stream or message stream', () => {
    expect(faultOfInput(rawSetChunkSize(4096, 3))).toBe('rtmp.control.wrong-stream');
    expect(faultOfInput(rawSetChunkSize(4096, 2, 1))).toBe('rtmp.control.wrong-stream');
  });

  it.each([
    ['fmt 0 again', rawChunk({ fmt: 0, csid: 5, length: 300, type: 9, stream: 1, data: pattern(128) })],
    ['fmt 1 with another length', rawChunk({ fmt: 1, csid: 5, length: 0xffffff, type: 9, data: pattern(128) })],
    ['fmt 1 with the same length', rawChunk({ fmt: 1, csid: 5, length: 300, type: 9, data: pattern(128) })],
    ['fmt 2', rawChunk({ fmt: 2, csid: 5, data: pattern(128) })],
  ])('%s in the middle of a message', (_name, chunk) => {
    const begin = rawChunk({ fmt: 0, csid: 5, length: 300, type: 9, stream: 1, data: pattern(128) });
    expect(faultOfInput(Buffer.concat([begin, chunk]))).toBe('rtmp.chunk.message-interrupted');
  });

  it('a message of 8 MiB in chunks of one byte', () => {
    const length = 8 * MIB;
    const input = Buffer.alloc(12 + 2 * length - 1, 0xc5);
    rawChunk({ fmt: 0, csid: 5, length, type: 9, stream: 1 }).copy(input);
    for (let i = 0; i < length; i++) input[12 + 2 * i] = i & 0xff;
    let payload: Buffer = Buffer.alloc(0);
    const decoder = new ChunkDecoder({ onMessage: (_type, _stream, _time, bytes) => void (payload = bytes) });
    decoder.push(rawSetChunkSize(1));
    for (const read of every(65_536)(input)) decoder.push(read);
    expect(payload).toHaveLength(length);
    expect(payload.subarray(0, 1024).equals(pattern(1024))).toBe(true);
    expect(payload.subarray(-256).equals(pattern(256))).toBe(true);
  });

  it.each([3, 0, 5])('Abort with a body of %i bytes', (length) => {
    const abort = rawChunk({ fmt: 0, csid: 2, length, type: 2, data: Buffer.alloc(length) });
    expect(faultOfInput(abort)).toBe(length < 4 ? 'ended-early' : 'rtmp.control.trailing-bytes');
  });

  it('unknown types are passed on for the session to ignore', () => {
    const input = Buffer.concat([0x7f, 16, 19, 0, 255].map((type) => rawMessage(4, { type, data: hex('aa') })));
    expect(decodeAll(input).map(({ type }) => type)).toEqual([0x7f, 16, 19, 0, 255]);
  });

  it('32 chunk streams that go on by one byte each in turn', () => {
    const ids = Array.from({ length: 32 }, (_, i) => 3 + i * 2000);
    const chunks = [rawSetChunkSize(1)];
    for (const csid of ids)
      chunks.push(rawChunk({ fmt: 0, csid, length: 20, type: 9, stream: 1, data: pattern(1, csid) }));
    for (let i = 1; i < 20; i++)
      for (const csid of ids) chunks.push(rawChunk({ fmt: 3, csid, data: pattern(1, csid + i) }));
    expect(decodeAll(Buffer.concat(chunks), every(7))).toEqual(
      ids.map((csid) => expect.objectContaining({ csid, data: pattern(20, csid).toString('hex') }) as unknown),
    );
  });

  it('an extended timestamp that is cut off waits for the rest', () => {
    expect(decodeAll(hex('30 ffffff 303030 30 30303030'))).toEqual([]);
    expect(decodeAll(hex('30 ffffff 000001 09 01000000 0100'))).toEqual([]);
  });
});
