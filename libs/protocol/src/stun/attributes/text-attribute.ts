// RFC 8489 sections 14.3, 14.9, 14.10, 14.14 and 14.16: attributes that are UTF-8 text.
import { ProtocolError } from '../../bytes/index.ts';
import type { StunAttribute } from '../attribute.ts';
import { stunAttribute } from '../attribute.ts';

/** "fewer than 128 characters (which can be as long as 509 bytes when encoding them" … */
export const MAX_TEXT_BYTES = 509;
/** … "and as long as 763 bytes when decoding them)": RFC 5389 counted six bytes a character. */
export const MAX_TEXT_BYTES_READ = 763;

export interface TextBounds {
  /** Bytes; 1 where an empty value means nothing. */
  readonly min: number;
  readonly maxWritten: number;
  readonly maxRead: number;
}

export function textAttribute(name: string, type: number, bounds: TextBounds): StunAttribute<string> {
  return stunAttribute<string>(
    name,
    type,
    (reader) => {
      const size = reader.remaining;
      if (size < bounds.min || size > bounds.maxRead) {
        throw new ProtocolError('stun.attribute.length', reader.place, `${size} bytes`);
      }
      return reader.utf8(size);
    },
    (writer, value) => {
      const size = Buffer.byteLength(value);
      if (size < bounds.min || size > bounds.maxWritten) throw new RangeError(`${name} of ${size} bytes`);
      writer.utf8(value);
    },
  );
}
