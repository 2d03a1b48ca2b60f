import { describe, expect, it } from 'vitest';
import { ChunkDecoder } from './chunk-decoder.ts';
import { ChunkEncoder } from './chunk-encoder.ts';
import { encodeSharedMessage } from './encode-shared-message.ts';

const bytesOf = (length: number, first: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => (first + i) % 256));

describe('a message for many connections', () => {
  it.each([
    [0, 0, 0],
    [5, 0, 0],
    [5, 55, 1_000],
    [5, 60, 1_000],
    [5, 59, 0xff_fffe],
    [5, 300, 0xff_ffff],
    [100, 300, 0xffff_ffff],
    [128, 128, 7],
    [64, 0, 7],
  ])(
    'has the bytes of a full header and its continuations: %i and %i bytes at %i ms',
    (headerBytes, dataBytes, timestamp) => {
      const [header, data] = [bytesOf(headerBytes, 0), bytesOf(dataBytes, 100)];
      const common = { type: 9, messageStreamId: 3, timestamp, chunkStreamId: 6 };
      const { bytes, dataOffset } = encodeSharedMessage({ ...common, header, data, chunkSize: 64 });
      const payload = Buffer.concat([header, data]);
      expect(bytes).toEqual(new ChunkEncoder(64).encode({ ...common, payload }, { fmt: 0 }));
      expect(dataOffset === undefined).toBe(payload.length > 64);
      if (dataOffset !== undefined) expect(bytes.subarray(dataOffset)).toEqual(data);
    },
  );

  it('is read by a connection that has been sent anything else before', () => {
    const read: unknown[] = [];
    const decoder = new ChunkDecoder({
      onMessage: (type, stream, timestamp, payload) => void read.push([type, stream, timestamp, payload.length]),
    });
    const encoder = new ChunkEncoder();
    const shared = (timestamp: number) =>
      encodeSharedMessage({
        type: 9,
        messageStreamId: 1,
        timestamp,
        header: bytesOf(5, 0),
        data: bytesOf(200, 0),
        chunkStreamId: 6,
        chunkSize: 128,
      }).bytes;
    decoder.push(
      encoder.encode({ type: 20, messageStreamId: 1, timestamp: 0, payload: bytesOf(300, 0), chunkStreamId: 5 }),
    );
    for (const timestamp of [40, 0x100_0000, 20]) decoder.push(shared(timestamp));
    expect(read.slice(1)).toEqual([
      [9, 1, 40, 205],
      [9, 1, 0x100_0000, 205],
      [9, 1, 20, 205],
    ]);
  });

  it('is not longer than its length field can say', () => {
    const data = Buffer.alloc(0x100_0000);
    const message = { type: 9, messageStreamId: 1, timestamp: 0, header: data.subarray(0, 0), data, chunkStreamId: 6 };
    expect(() => encodeSharedMessage({ ...message, chunkSize: 60_000 })).toThrow(RangeError);
  });
});
