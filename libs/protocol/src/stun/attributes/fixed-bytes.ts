// Values that are so many bytes and have no structure for who passes them on.
import type { StunAttribute } from '../attribute.ts';

/** How to read and write a value of exactly `size` bytes; what is read is a view. */
export function fixedBytes(
  size: number,
): [decode: StunAttribute<Uint8Array>['decode'], encode: StunAttribute<Uint8Array>['encode']] {
  return [
    (reader) => reader.take(size),
    (writer, value) => {
      if (value.length !== size) throw new RangeError(`${value.length} bytes instead of ${size}`);
      writer.write(value);
    },
  ];
}
