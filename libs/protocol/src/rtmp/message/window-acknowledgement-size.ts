// RTMP 1.0 section 5.4.4.
import { decodeOnlyU32 } from './control-message.ts';

/** Reads after how many bytes the peer wants an acknowledgement. */
export function decodeWindowAcknowledgementSize(payload: Buffer): number {
  return decodeOnlyU32('rtmp/window-acknowledgement-size', payload);
}

export function encodeWindowAcknowledgementSize(size: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(size);
  return payload;
}
