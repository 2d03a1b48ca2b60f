// RTMP 1.0 section 5.3.1.1: the chunk basic header in its three forms.

export type BasicHeaderBytes = 1 | 2 | 3;

/** Chunk stream ids that the two- and three-byte forms count from. */
const OFFSET = 64;
const LARGEST_CHUNK_STREAM_ID = 65_599;

/**
 * Says how long the basic header of a chunk stream id is: the shortest that holds it, or `wanted` if that holds it too
 * (64 to 319 have two forms).
 */
export function basicHeaderBytes(chunkStreamId: number, wanted?: BasicHeaderBytes): BasicHeaderBytes {
  if (!(chunkStreamId >= 2 && chunkStreamId <= LARGEST_CHUNK_STREAM_ID)) {
    throw new RangeError(`chunk stream id ${chunkStreamId}`);
  }
  const shortest = chunkStreamId < OFFSET ? 1 : chunkStreamId < OFFSET + 256 ? 2 : 3;
  if (wanted === undefined || wanted === shortest) return shortest;
  if (wanted < shortest || shortest === 1) {
    throw new RangeError(`chunk stream id ${chunkStreamId} has no basic header of ${wanted} bytes`);
  }
  return wanted;
}

/** Writes a basic header at `at` and returns where it ends. */
export function writeBasicHeader(
  out: Buffer,
  at: number,
  fmt: number,
  chunkStreamId: number,
  size: BasicHeaderBytes,
): number {
  switch (size) {
    case 1:
      return out.writeUInt8((fmt << 6) | chunkStreamId, at);
    case 2:
      return out.writeUInt8(chunkStreamId - OFFSET, out.writeUInt8(fmt << 6, at));
    case 3:
      // "((the third byte)*256 + (the second byte) + 64)"
      return out.writeUInt16LE(chunkStreamId - OFFSET, out.writeUInt8((fmt << 6) | 1, at));
  }
}
