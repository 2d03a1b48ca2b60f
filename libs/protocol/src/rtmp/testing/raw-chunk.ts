// Chunks written from RTMP 1.0 section 5.3 alone, without the encoder. For tests.

export interface RawChunk {
  readonly fmt: 0 | 1 | 2 | 3;
  readonly csid: number;
  /** Timestamp or delta as the 24-bit field has it: `ffffff` is not added by itself. */
  readonly time?: number;
  readonly length?: number;
  readonly type?: number;
  readonly stream?: number;
  /** Extended timestamp; left out when undefined. */
  readonly extended?: number;
  readonly data?: Uint8Array;
}

function integer(value: number, size: number, order: 'big' | 'little' = 'big'): number[] {
  const bytes: number[] = [];
  for (let rest = value, i = 0; i < size; i++, rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  return order === 'big' ? bytes.reverse() : bytes;
}

function basicHeader(fmt: number, csid: number): number[] {
  if (csid < 64) return [fmt * 64 + csid];
  if (csid < 320) return [fmt * 64, csid - 64];
  return [fmt * 64 + 1, (csid - 64) % 256, Math.floor((csid - 64) / 256)];
}

/** One chunk; fields that its format does not have are ignored. */
export function rawChunk({ fmt, csid, time = 0, length = 0, type = 0, stream = 0, extended, data }: RawChunk): Buffer {
  const header = basicHeader(fmt, csid);
  if (fmt < 3) header.push(...integer(time, 3));
  if (fmt < 2) header.push(...integer(length, 3), type);
  if (fmt < 1) header.push(...integer(stream, 4, 'little'));
  if (extended !== undefined) header.push(...integer(extended, 4));
  return Buffer.concat([Buffer.from(header), data ?? Buffer.alloc(0)]);
}

/** A whole message behind a fmt 0 header, in chunks of a given size. */
export function rawMessage(
  csid: number,
  { time = 0, type = 9, stream = 1, data = Buffer.alloc(0) }: Pick<RawChunk, 'time' | 'type' | 'stream' | 'data'>,
  chunkSize = 128,
): Buffer {
  const chunks = [
    rawChunk({ fmt: 0, csid, time, length: data.length, type, stream, data: data.subarray(0, chunkSize) }),
  ];
  for (let at = chunkSize; at < data.length; at += chunkSize) {
    chunks.push(rawChunk({ fmt: 3, csid, data: data.subarray(at, at + chunkSize) }));
  }
  return Buffer.concat(chunks);
}

/** Set Chunk Size with any body. */
export function rawSetChunkSize(body: Uint8Array | number, csid = 2, stream = 0): Buffer {
  const data = typeof body === 'number' ? Buffer.from(integer(body, 4)) : body;
  return rawChunk({ fmt: 0, csid, length: data.length, type: 1, stream, data });
}

/** Abort of a chunk stream. */
export function rawAbort(id: number): Buffer {
  return rawChunk({ fmt: 0, csid: 2, length: 4, type: 2, data: Buffer.from(integer(id, 4)) });
}

/** Bytes that tell their place: 0, 1, 2 … */
export function pattern(length: number, start = 0): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (start + i) & 0xff));
}
