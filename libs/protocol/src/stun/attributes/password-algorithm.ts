// RFC 8489 section 14.12: PASSWORD-ALGORITHM.
import type { ByteReader, ByteWriter } from '../../bytes/index.ts';
import { stunAttribute } from '../attribute.ts';
import { paddedLength } from '../header.ts';

export interface PasswordAlgorithmChoice {
  /** A `PasswordAlgorithmNumber`, or one that this library does not name. */
  readonly number: number;
  /** Empty for MD5 and SHA-256 (section 18.5.1). A view when read. */
  readonly parameters: Uint8Array;
}

/** What the client derived its key with. */
export const PasswordAlgorithm = stunAttribute('PASSWORD-ALGORITHM', 0x001d, readAlgorithm, writeAlgorithm);

/** Number, length of the parameters, parameters and their padding. */
export function readAlgorithm(reader: ByteReader): PasswordAlgorithmChoice {
  const number = reader.u16();
  const size = reader.u16();
  const parameters = reader.take(size);
  reader.skip(paddedLength(size) - size);
  return { number, parameters };
}

export function writeAlgorithm(writer: ByteWriter, { number, parameters }: PasswordAlgorithmChoice): void {
  writer.u16(number).u16(parameters.length).write(parameters);
  writer.fill(0, paddedLength(parameters.length) - parameters.length);
}
