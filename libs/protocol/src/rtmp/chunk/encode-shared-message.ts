// RTMP 1.0 section 5.3: a message as chunks that many connections are sent alike.
import { basicHeaderBytes, writeBasicHeader } from './basic-header.ts';
import { EXTENDED } from './extended-timestamp.ts';

/** A message whose payload is in two parts, so that it is copied once. */
export interface SharedMessage {
  /** Message type id. */
  readonly type: number;
  readonly messageStreamId: number;
  /** Milliseconds, unsigned 32 bits. */
  readonly timestamp: number;
  readonly header: Uint8Array;
  readonly data: Uint8Array;
  /** 2 to 63. */
  readonly chunkStreamId: number;
  /** Of every connection that is sent it. */
  readonly chunkSize: number;
}

export interface SharedBytes {
  readonly bytes: Buffer;
  /** Where `data` is in them; undefined where chunk headers divide it. */
  readonly dataOffset: number | undefined;
}

const FULL_HEADER_BYTES = 11;
const EXTENDED_BYTES = 4;

/**
 * Writes a message with a full header (fmt 0), which says everything: the bytes do not depend on what a connection was sent before, only
 * on its chunk size and message stream.
 */
export function encodeSharedMessage(message: SharedMessage): SharedBytes {
  const { type, messageStreamId, timestamp, header, data, chunkStreamId, chunkSize } = message;
  const length = header.byteLength + data.byteLength;
  if (length > 0xff_ffff) throw new RangeError(`a message of ${length} bytes does not fit 24 bits`);
  const basicBytes = basicHeaderBytes(chunkStreamId);
  const extendedBytes = timestamp >= EXTENDED ? EXTENDED_BYTES : 0;
  const continuations = Math.max(0, Math.ceil(length / chunkSize) - 1);
  const firstBytes = basicBytes + FULL_HEADER_BYTES + extendedBytes;
  const out = Buffer.allocUnsafe(firstBytes + length + continuations * (basicBytes + extendedBytes));
  let at = writeBasicHeader(out, 0, 0, chunkStreamId, basicBytes);
  at = out.writeUIntBE(Math.min(timestamp, EXTENDED), at, 3);
  at = out.writeUIntBE(length, at, 3);
  at = out.writeUInt8(type, at);
  at = out.writeUInt32LE(messageStreamId, at);
  if (extendedBytes > 0) at = out.writeUInt32BE(timestamp, at);
  if (continuations === 0) {
    out.set(header, at);
    out.set(data, at + header.byteLength);
    return { bytes: out, dataOffset: at + header.byteLength };
  }
  let left = chunkSize;
  for (const part of [header, data]) {
    let from = 0;
    while (from < part.byteLength) {
      if (left === 0) {
        at = writeBasicHeader(out, at, 3, chunkStreamId, basicBytes);
        if (extendedBytes > 0) at = out.writeUInt32BE(timestamp, at);
        left = chunkSize;
      }
      const piece = part.subarray(from, from + left);
      out.set(piece, at);
      at += piece.byteLength;
      from += piece.byteLength;
      left -= piece.byteLength;
    }
  }
  return { bytes: out, dataOffset: undefined };
}
