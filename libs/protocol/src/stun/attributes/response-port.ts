// RFC 5780 section 7.5: RESPONSE-PORT.
import { stunAttribute } from '../attribute.ts';

/**
 * The port that the response shall go to. "followed by 2 bytes of padding": clients differ in whether these belong to the
 * value, so both are read.
 */
export const ResponsePort = stunAttribute<number>(
  'RESPONSE-PORT',
  0x0027,
  (reader) => {
    const port = reader.u16();
    if (reader.remaining === 2) reader.skip(2);
    return port;
  },
  (writer, port) => writer.u16(port).u16(0),
);
