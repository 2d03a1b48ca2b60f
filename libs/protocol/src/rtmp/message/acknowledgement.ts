// RTMP 1.0 section 5.4.3.
import { decodeOnlyU32 } from './control-message.ts';

/** Reads the sequence number: how many bytes the peer has received so far, modulo 2^32. */
export function decodeAcknowledgement(payload: Buffer): number {
  return decodeOnlyU32('rtmp/acknowledgement', payload);
}

/** @param sequenceNumber bytes received so far; only the low 32 bits are sent. */
export function encodeAcknowledgement(sequenceNumber: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(sequenceNumber % 0x1_0000_0000);
  return payload;
}
