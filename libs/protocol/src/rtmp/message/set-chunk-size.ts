// RTMP 1.0 section 5.4.1.
import { ProtocolError } from '../../bytes/index.ts';
import { checkControlAddress, decodeOnlyU32 } from './control-message.ts';

const PLACE = 'rtmp/set-chunk-size';

/**
 * Reads the chunk size that the sender will use from its next chunk on: 1 to 2^31 - 1.
 * @throws ProtocolError for any other body and on any other stream than the control streams.
 */
export function decodeSetChunkSize(payload: Buffer, chunkStreamId: number, messageStreamId: number): number {
  checkControlAddress(PLACE, chunkStreamId, messageStreamId);
  const size = decodeOnlyU32(PLACE, payload);
  // "The first bit is zero"; sizes "less than 1 byte" do not exist.
  if (size === 0 || size > 0x7fff_ffff) {
    throw new ProtocolError('rtmp.chunk.bad-chunk-size', `${PLACE}/chunk-size`, `${size} is outside 1 to 2147483647`);
  }
  return size;
}

/** @param size 1 to 2^31 - 1. */
export function encodeSetChunkSize(size: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeInt32BE(size);
  return payload;
}
