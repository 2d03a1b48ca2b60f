// RTMP 1.0 section 5.4.2.
import { checkControlAddress, decodeOnlyU32 } from './control-message.ts';

const PLACE = 'rtmp/abort';

/** Reads the id of the chunk stream whose unfinished message is to be dropped. */
export function decodeAbort(payload: Buffer, chunkStreamId: number, messageStreamId: number): number {
  checkControlAddress(PLACE, chunkStreamId, messageStreamId);
  return decodeOnlyU32(PLACE, payload);
}

export function encodeAbort(chunkStreamId: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(chunkStreamId);
  return payload;
}
