// RFC 8489 section 14.7: FINGERPRINT.
import { stunAttribute } from '../attribute.ts';
import { FINGERPRINT } from '../attribute-type.ts';

/** The CRC as received. Written by `MessageBuilder.addFingerprint`, judged by `hasValidFingerprint`. */
export const Fingerprint = stunAttribute<number>(
  'FINGERPRINT',
  FINGERPRINT,
  (reader) => reader.u32(),
  (writer, value) => writer.u32(value),
);
