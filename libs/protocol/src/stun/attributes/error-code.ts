// RFC 8489 section 14.8: ERROR-CODE.
import type { ByteReader, ByteWriter } from '../../bytes/index.ts';
import { ProtocolError } from '../../bytes/index.ts';
import { stunAttribute } from '../attribute.ts';
import { MAX_TEXT_BYTES, MAX_TEXT_BYTES_READ } from './text-attribute.ts';

export interface StunError {
  /** 300 to 699. */
  readonly code: number;
  /** For people; may be empty, which makes for small answers. */
  readonly reason: string;
}

export const ErrorCode = stunAttribute<StunError>(
  'ERROR-CODE',
  0x0009,
  (reader) => {
    reader.skip(2);
    return readError(reader);
  },
  (writer, error) => writeError(writer.u16(0), error),
);

/** Class (hundreds), number (the rest) and reason, as in ADDRESS-ERROR-CODE too. */
export function readError(reader: ByteReader): StunError {
  // The bits before the class are to be ignored.
  const hundreds = reader.u8() & 7;
  const number = reader.u8();
  if (hundreds < 3 || hundreds > 6 || number > 99) {
    throw new ProtocolError('stun.error-code.range', reader.place, `class ${hundreds}, number ${number}`);
  }
  if (reader.remaining > MAX_TEXT_BYTES_READ) {
    throw new ProtocolError('stun.attribute.length', reader.place, `a reason of ${reader.remaining} bytes`);
  }
  return { code: hundreds * 100 + number, reason: reader.utf8(reader.remaining) };
}

export function writeError(writer: ByteWriter, { code, reason }: StunError): void {
  if (!(code >= 300 && code <= 699)) throw new RangeError(`error ${code}`);
  if (Buffer.byteLength(reason) > MAX_TEXT_BYTES) throw new RangeError('a reason too long to be read');
  writer
    .u8(Math.floor(code / 100))
    .u8(code % 100)
    .utf8(reason);
}
