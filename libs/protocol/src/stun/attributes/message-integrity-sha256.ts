// RFC 8489 section 14.6: MESSAGE-INTEGRITY-SHA256.
import { ProtocolError } from '../../bytes/index.ts';
import { stunAttribute } from '../attribute.ts';
import { MESSAGE_INTEGRITY_SHA256 } from '../attribute-type.ts';
import { isIntegritySize } from '../integrity.ts';

/** The HMAC as received, or its beginning. Written by `MessageBuilder.addIntegrity`, judged by `verifyIntegrity`. */
export const MessageIntegritySha256 = stunAttribute<Uint8Array>(
  'MESSAGE-INTEGRITY-SHA256',
  MESSAGE_INTEGRITY_SHA256,
  (reader) => {
    if (!isIntegritySize(reader.remaining, 'sha256')) {
      throw new ProtocolError('stun.integrity.length', reader.place, `${reader.remaining} bytes`);
    }
    return reader.rest();
  },
  (writer, value) => {
    if (!isIntegritySize(value.length, 'sha256')) throw new RangeError(`SHA-256 is not cut to ${value.length} bytes`);
    writer.write(value);
  },
);
