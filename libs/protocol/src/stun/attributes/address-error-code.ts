// RFC 8656 section 18.12: ADDRESS-ERROR-CODE.
import { stunAttribute } from '../attribute.ts';
import type { StunError } from './error-code.ts';
import { readError, writeError } from './error-code.ts';

export interface AddressError extends StunError {
  /** An `AddressFamily`. */
  readonly family: number;
}

/** Why one of two relayed addresses could not be had, in a response that has the other. */
export const AddressErrorCode = stunAttribute<AddressError>(
  'ADDRESS-ERROR-CODE',
  0x8001,
  (reader) => {
    const family = reader.u8();
    reader.skip(1);
    return { family, ...readError(reader) };
  },
  (writer, error) => writeError(writer.u8(error.family).u8(0), error),
);
