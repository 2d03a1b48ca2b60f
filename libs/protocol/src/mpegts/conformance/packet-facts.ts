// One transport packet as the conformance checker sees it. Reads bits by itself: it must not share a mistake with the muxer
// or the demuxer. ISO/IEC 13818-1 sections 2.4.3.2 to 2.4.3.7.

export const PACKET = 188;

export interface PacketFacts {
  readonly index: number;
  readonly pid: number;
  readonly unitStart: boolean;
  readonly transportError: boolean;
  readonly scrambled: boolean;
  readonly counter: number;
  readonly hasPayload: boolean;
  /** Undefined when there is no adaptation field. */
  readonly fieldLength: number | undefined;
  readonly discontinuity: boolean;
  readonly randomAccess: boolean;
  /** In ticks of 27 MHz. */
  readonly pcr: bigint | undefined;
  /** Whether what fills up the adaptation field is all ones, and the field fits the packet exactly. */
  readonly fieldSound: boolean;
  readonly payload: Uint8Array;
}

const bit = (bytes: Uint8Array, at: number): bigint => BigInt((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1n;

/** Bits `from` to `from + count - 1` of `bytes`, one at a time. */
function bitsOf(bytes: Uint8Array, from: number, count: number): bigint {
  let value = 0n;
  for (let at = from; at < from + count; at++) value = (value << 1n) | bit(bytes, at);
  return value;
}

const number = (bytes: Uint8Array, from: number, count: number): number => Number(bitsOf(bytes, from, count));

/** Reads the packet with this index; whether it begins with a sync byte is for the caller to look at. */
export function packetFacts(stream: Uint8Array, index: number): PacketFacts {
  const packet = stream.subarray(index * PACKET, (index + 1) * PACKET);
  const control = number(packet, 26, 2);
  const fieldLength = control >= 2 ? (packet[4] ?? 0) : undefined;
  const flags = fieldLength !== undefined && fieldLength > 0 ? (packet[5] ?? 0) : 0;
  const hasPcr = (flags & 0x10) !== 0;
  const pcr = hasPcr ? bitsOf(packet, 48, 33) * 300n + bitsOf(packet, 48 + 39, 9) : undefined;
  const payloadAt = fieldLength === undefined ? 4 : 5 + fieldLength;
  const stuffingAt = 6 + (hasPcr ? 6 : 0);
  // The muxers checked here use nothing of the field but flags and PCR: the rest has to be stuffing.
  const stuffed =
    fieldLength === undefined ||
    fieldLength === 0 ||
    packet.subarray(stuffingAt, payloadAt).every((byte) => byte === 0xff);
  const fits = control === 2 ? payloadAt === PACKET : payloadAt < PACKET;
  return {
    index,
    pid: number(packet, 11, 13),
    unitStart: (packet[1]! & 0x40) !== 0,
    transportError: (packet[1]! & 0x80) !== 0,
    scrambled: number(packet, 24, 2) !== 0,
    counter: number(packet, 28, 4),
    hasPayload: control === 1 || control === 3,
    fieldLength,
    discontinuity: (flags & 0x80) !== 0,
    randomAccess: (flags & 0x40) !== 0,
    pcr,
    fieldSound: control !== 0 && stuffed && fits,
    payload: packet.subarray(payloadAt),
  };
}

/** The CRC of a section, bit by bit (annex A); 0 when the section holds its own CRC. */
export function sectionCrc(section: Uint8Array): number {
  let register = 0xffffffffn;
  for (let at = 0; at < section.length * 8; at++) {
    const top = (register >> 31n) & 1n;
    register = (register << 1n) & 0xffffffffn;
    if (top !== bit(section, at)) register ^= 0x04c11db7n;
  }
  return Number(register);
}

export interface PesFacts {
  readonly sound: boolean;
  readonly streamId: number;
  readonly packetLength: number;
  readonly pts: number | undefined;
  readonly dts: number | undefined;
  /** Offset of the elementary stream in the payload. */
  readonly dataAt: number;
}

/** Reads a PES header at the start of a payload. */
export function pesFacts(payload: Uint8Array): PesFacts {
  const prefix = number(payload, 0, 24) === 1 && number(payload, 48, 2) === 2;
  const timestamps = number(payload, 56, 2);
  const stamp = (at: number): number =>
    Number((bitsOf(payload, at + 4, 3) << 30n) | (bitsOf(payload, at + 8, 15) << 15n) | bitsOf(payload, at + 24, 15));
  // Section 2.4.3.7: '0010' before a PTS alone, '0011' before one with a DTS, '0001' before that; and a marker bit in each part.
  const marked = (at: number, code: number): boolean =>
    number(payload, at, 4) === code && [7, 23, 39].every((marker) => bit(payload, at + marker) === 1n);
  const pts = timestamps >= 2 ? stamp(72) : undefined;
  const dts = timestamps === 3 ? stamp(112) : pts;
  const sound =
    prefix && timestamps !== 1 && (timestamps < 2 || marked(72, timestamps)) && (timestamps < 3 || marked(112, 1));
  return {
    sound,
    streamId: payload[3] ?? 0,
    packetLength: number(payload, 32, 16),
    pts,
    dts,
    dataAt: 9 + (payload[8] ?? 0),
  };
}
