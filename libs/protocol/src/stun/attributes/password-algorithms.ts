// RFC 8489 section 14.11: PASSWORD-ALGORITHMS.
import { ProtocolError } from '../../bytes/index.ts';
import { stunAttribute } from '../attribute.ts';
import type { PasswordAlgorithmChoice } from './password-algorithm.ts';
import { readAlgorithm, writeAlgorithm } from './password-algorithm.ts';

/** The registry knows two. */
export const MAX_PASSWORD_ALGORITHMS = 16;

/** What the server takes, best first; a client sends the list back as it came, so that it cannot be shortened on the path. */
export const PasswordAlgorithms = stunAttribute<readonly PasswordAlgorithmChoice[]>(
  'PASSWORD-ALGORITHMS',
  0x8002,
  (reader) => {
    const algorithms: PasswordAlgorithmChoice[] = [];
    while (reader.remaining > 0) {
      if (algorithms.length === MAX_PASSWORD_ALGORITHMS) {
        throw new ProtocolError('stun.password-algorithms.too-many', reader.place, `more than ${algorithms.length}`);
      }
      algorithms.push(readAlgorithm(reader));
    }
    return algorithms;
  },
  (writer, algorithms) => {
    for (const algorithm of algorithms) writeAlgorithm(writer, algorithm);
  },
);
