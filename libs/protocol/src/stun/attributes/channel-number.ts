// RFC 8656 section 18.1: CHANNEL-NUMBER.
import { stunAttribute } from '../attribute.ts';

/** Any 16 bits: whether they are a channel is for the request to say (`isChannelNumber`). */
export const ChannelNumber = stunAttribute<number>(
  'CHANNEL-NUMBER',
  0x000c,
  (reader) => {
    const channel = reader.u16();
    // RFFU: "MUST be set to 0 on transmission and MUST be ignored on reception."
    reader.skip(2);
    return channel;
  },
  (writer, channel) => writer.u16(channel).u16(0),
);
