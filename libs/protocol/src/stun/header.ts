// RFC 8489 section 5: the header, 20 bytes.

export const STUN_HEADER_BYTES = 20;
export const MAGIC_COOKIE = 0x2112a442;
export const TRANSACTION_ID_BYTES = 12;
/** The offsets of the header's fields. */
export const LENGTH_OFFSET = 2;
export const COOKIE_OFFSET = 4;
export const TRANSACTION_ID_OFFSET = 8;

/** The type and length in front of each attribute (section 14). */
export const ATTRIBUTE_HEADER_BYTES = 4;
/** The length has 16 bits and is a multiple of four. */
export const MAX_STUN_LENGTH = 0xfffc;
export const MAX_STUN_MESSAGE_BYTES = STUN_HEADER_BYTES + MAX_STUN_LENGTH;

/** Attributes, and ChannelData in streams, fill up to four bytes. */
export const paddedLength = (length: number): number => (length + 3) & ~3;
