// RTMP 1.0 section 5.4: protocol control messages.
import { ByteReader, ProtocolError } from '../../bytes/index.ts';

/** "These protocol control messages MUST have message stream ID 0 and be sent in chunk stream ID 2." */
export const CONTROL_CHUNK_STREAM_ID = 2;
export const CONTROL_MESSAGE_STREAM_ID = 0;

/** Throws unless a message that changes how chunks are read came where the specification wants it. */
export function checkControlAddress(place: string, chunkStreamId: number, messageStreamId: number): void {
  if (chunkStreamId !== CONTROL_CHUNK_STREAM_ID || messageStreamId !== CONTROL_MESSAGE_STREAM_ID) {
    throw new ProtocolError(
      'rtmp.control.wrong-stream',
      place,
      `chunk stream ${chunkStreamId}, message stream ${messageStreamId}`,
    );
  }
}

/** Reads a body that is one unsigned 32-bit field and nothing else. */
export function decodeOnlyU32(place: string, payload: Buffer): number {
  const reader = new ByteReader(payload, place);
  const value = reader.u32();
  if (reader.remaining > 0) {
    throw new ProtocolError('rtmp.control.trailing-bytes', place, `${reader.remaining} bytes after the field`);
  }
  return value;
}
