// RFC 7983 section 7: what shares a port with STUN is told apart by its first byte.
import { MAX_CHANNEL_NUMBER, MIN_CHANNEL_NUMBER } from './channel-data.ts';

export type PacketKind = 'stun' | 'channel-data' | 'other';

/**
 * What the packet claims to be. STUN has the first bytes 0 to 3: its other methods are reserved for that reason. ChannelData
 * has those of channels 0x4000 to 0x4FFF (RFC 8656 section 12), the range of RFC 7983 without what RFC 8656 gave back.
 * @param maxChannelNumber MAX_RFC5766_CHANNEL_NUMBER where old clients are served
 */
export function classify(bytes: Uint8Array, maxChannelNumber = MAX_CHANNEL_NUMBER): PacketKind {
  return bytes.length === 0 ? 'other' : kindOfFirstByte(bytes[0]!, maxChannelNumber);
}

export function kindOfFirstByte(first: number, maxChannelNumber: number): PacketKind {
  if (first < 0x04) return 'stun';
  return first >= MIN_CHANNEL_NUMBER >> 8 && first <= maxChannelNumber >> 8 ? 'channel-data' : 'other';
}
