// draft-sharabayko-srt-01 section 3: the header that all packets have, read in place: nothing is allocated for a packet.

export const SRT_HEADER_BYTES = 16;
/** An Ethernet frame, without the headers of IPv4 and UDP: what libsrt assumes too. */
export const UDP_OVERHEAD_BYTES = 28;

/** Section 3.2, table 1. */
export const ControlType = {
  handshake: 0,
  keepAlive: 1,
  ack: 2,
  nak: 3,
  congestionWarning: 4,
  shutdown: 5,
  ackAck: 6,
  dropRequest: 7,
  peerError: 8,
  /** Its subtype says what it is: KMREQ and KMRSP of a key refresh. */
  userDefined: 0x7fff,
} as const;

/** Section 3.1: KK, which key a payload is encrypted with. */
export const KeyFlag = { none: 0, even: 1, odd: 2 } as const;
export type KeyFlag = (typeof KeyFlag)[keyof typeof KeyFlag];

export const isControl = (packet: Buffer): boolean => (packet[0]! & 0x80) !== 0;
export const controlTypeOf = (packet: Buffer): number => packet.readUInt16BE(0) & 0x7fff;
export const controlSubtypeOf = (packet: Buffer): number => packet.readUInt16BE(2);
/** The acknowledgement number of ACK and ACKACK, the message number of a drop request. */
export const typeSpecificOf = (packet: Buffer): number => packet.readUInt32BE(4);
export const timestampOf = (packet: Buffer): number => packet.readUInt32BE(8);
export const destinationOf = (packet: Buffer): number => packet.readUInt32BE(12);
export const sequenceOf = (packet: Buffer): number => packet.readUInt32BE(0);
export const isRetransmitted = (packet: Buffer): boolean => (packet[4]! & 0x04) !== 0;
export const keyFlagOf = (packet: Buffer): number => (packet[4]! >> 3) & 3;

/** PP: a message of one packet, as all of live mode are. */
const SOLO = 3 << 30;
const MESSAGE_NUMBER_MASK = 0x03ff_ffff;

/** A data packet with a copy of the payload. */
export function encodeDataPacket(
  sequence: number,
  key: KeyFlag,
  timestampUs: number,
  destination: number,
  payload: Uint8Array,
): Buffer {
  const packet = Buffer.allocUnsafe(SRT_HEADER_BYTES + payload.length);
  packet.writeUInt32BE(sequence, 0);
  packet.writeUInt32BE((SOLO | (key << 27) | (sequence & MESSAGE_NUMBER_MASK)) >>> 0, 4);
  packet.writeUInt32BE(timestampUs >>> 0, 8);
  packet.writeUInt32BE(destination, 12);
  packet.set(payload, SRT_HEADER_BYTES);
  return packet;
}

/** Sets the R flag of a data packet. */
export function markRetransmitted(packet: Buffer): void {
  packet[4] = packet[4]! | 0x04;
}

/** A control packet with room for its information. */
export function encodeControlPacket(
  type: number,
  subtype: number,
  typeSpecific: number,
  timestampUs: number,
  destination: number,
  informationBytes: number,
): Buffer {
  const packet = Buffer.alloc(SRT_HEADER_BYTES + informationBytes);
  packet.writeUInt16BE(0x8000 | type, 0);
  packet.writeUInt16BE(subtype, 2);
  packet.writeUInt32BE(typeSpecific, 4);
  packet.writeUInt32BE(timestampUs >>> 0, 8);
  packet.writeUInt32BE(destination, 12);
  return packet;
}
