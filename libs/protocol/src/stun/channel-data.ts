// RFC 8656 section 12.4: the ChannelData message.
import { ENDED_EARLY, ProtocolError } from '../bytes/index.ts';
import { paddedLength } from './header.ts';

const PLACE = 'stun/channel-data';
export const CHANNEL_DATA_HEADER_BYTES = 4;
/** RFC 8656 section 12: RFC 5766 went up to 0x7FFF; what is above 0x4FFF now is not a channel any more. */
export const MIN_CHANNEL_NUMBER = 0x4000;
export const MAX_CHANNEL_NUMBER = 0x4fff;
/** Clients of RFC 5766 choose up to here; a server whose port carries nothing else may take it. */
export const MAX_RFC5766_CHANNEL_NUMBER = 0x7fff;
/** The length has 16 bits; streams pad to four bytes. */
export const MAX_CHANNEL_DATA_BYTES = CHANNEL_DATA_HEADER_BYTES + 0x10000;

export interface ChannelData {
  readonly channel: number;
  /** A view of the message. */
  readonly data: Buffer;
}

export const isChannelNumber = (channel: number, maximum = MAX_CHANNEL_NUMBER): boolean =>
  channel >= MIN_CHANNEL_NUMBER && channel <= maximum;

/**
 * Reads one message: a datagram, or what `StunFraming` cut out of a stream. What follows the data is padding, which
 * datagrams may have as well (section 12.5).
 * @throws ProtocolError
 */
export function decodeChannelData(bytes: Buffer): ChannelData {
  if (bytes.length < CHANNEL_DATA_HEADER_BYTES) {
    throw new ProtocolError(ENDED_EARLY, PLACE, `${bytes.length} bytes are no header`);
  }
  const channel = (bytes[0]! << 8) | bytes[1]!;
  if (!isChannelNumber(channel)) throw new ProtocolError('stun.channel-data.number', PLACE, `${channel} is no channel`);
  const end = CHANNEL_DATA_HEADER_BYTES + ((bytes[2]! << 8) | bytes[3]!);
  if (end > bytes.length) throw new ProtocolError(ENDED_EARLY, PLACE, `needs ${end} bytes, has ${bytes.length}`);
  return { channel, data: bytes.subarray(CHANNEL_DATA_HEADER_BYTES, end) };
}

/** The four bytes before the data. */
export function encodeChannelDataHeader(channel: number, length: number): Buffer {
  if (!isChannelNumber(channel) || length > 0xffff) throw new RangeError(`${length} bytes on channel ${channel}`);
  const header = Buffer.allocUnsafe(CHANNEL_DATA_HEADER_BYTES);
  header[0] = channel >> 8;
  header[1] = channel;
  header[2] = length >> 8;
  header[3] = length;
  return header;
}

/** How many zeros follow the data in a stream (section 12.5). */
export const channelDataPadding = (length: number): number => paddedLength(length) - length;

/** One message with its data copied; `padded` for streams. */
export function encodeChannelData(channel: number, data: Uint8Array, padded = false): Buffer {
  const header = encodeChannelDataHeader(channel, data.length);
  const size = CHANNEL_DATA_HEADER_BYTES + (padded ? paddedLength(data.length) : data.length);
  const bytes = Buffer.alloc(size);
  bytes.set(header);
  bytes.set(data, CHANNEL_DATA_HEADER_BYTES);
  return bytes;
}
