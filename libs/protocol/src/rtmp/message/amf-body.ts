// RTMP 1.0 sections 7.1.1 and 7.1.2; Enhanced RTMP v2, "Important AMF3-encoded Historical Specification Clarification".
import { ByteReader } from '../../bytes/index.ts';
import { MessageType } from './message-type.ts';

/** What types 15 and 17 begin with: "Currently, only format 0 is defined to indicate AMF0-encoded values." */
const FORMAT_AMF0 = 0;

/**
 * The AMF0 part of a command or data message. Messages of the AMF3 types hold AMF0 too, behind a format selector; some
 * encoders leave that out, which shows, since no name begins with the marker of a number.
 */
export function amfBody(type: number, payload: Buffer): Buffer {
  const isAmf3 = type === MessageType.commandAmf3 || type === MessageType.dataAmf3;
  if (!isAmf3) return payload;
  const reader = new ByteReader(payload, 'rtmp/format-selector');
  if (reader.peekU8() === FORMAT_AMF0) reader.skip(1);
  return reader.rest();
}
