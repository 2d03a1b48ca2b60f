// RFC 3550 section 5.1: RTP data packets.
import { ByteReader, ProtocolError } from '../bytes/index.ts';

export const RTP_VERSION = 2;
export const RTP_HEADER_BYTES = 12;
const MARKER = 0x80;
const PADDING = 0x20;
const EXTENSION = 0x10;

export interface RtpPacket {
  readonly marker: boolean;
  /** 7 bits. */
  readonly payloadType: number;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits, unsigned. */
  readonly timestamp: number;
  readonly ssrc: number;
  /** A view, without padding. */
  readonly payload: Buffer;
}

/** @throws ProtocolError */
export function decodeRtpPacket(bytes: Uint8Array): RtpPacket {
  const reader = new ByteReader(bytes, 'rtp/header');
  const first = reader.u8();
  const version = first >> 6;
  if (version !== RTP_VERSION) throw new ProtocolError('rtp.version', 'rtp/header', `version ${version}`);
  const second = reader.u8();
  const sequence = reader.u16();
  const timestamp = reader.u32();
  const ssrc = reader.u32();
  reader.place = 'rtp/csrc';
  reader.take((first & 0x0f) * 4);
  if ((first & EXTENSION) !== 0) {
    reader.place = 'rtp/extension';
    reader.u16();
    reader.take(reader.u16() * 4);
  }
  const payload = reader.take(reader.remaining);
  return {
    marker: (second & MARKER) !== 0,
    payloadType: second & ~MARKER,
    sequence,
    timestamp,
    ssrc,
    payload: (first & PADDING) === 0 ? payload : withoutPadding(payload),
  };
}

/** "The last octet of the padding contains a count of how many padding octets should be ignored, including itself." */
function withoutPadding(payload: Buffer): Buffer {
  const count = payload.at(-1) ?? 0;
  if (count === 0 || count > payload.length)
    throw new ProtocolError('rtp.padding', 'rtp/padding', `${count} of ${payload.length} bytes`);
  return payload.subarray(0, payload.length - count);
}

export interface RtpHeader {
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

/** Writes a header of `RTP_HEADER_BYTES`. Numbers are taken modulo their width. */
export function writeRtpHeader(bytes: Buffer, at: number, header: RtpHeader): void {
  bytes[at] = RTP_VERSION << 6;
  bytes[at + 1] = (header.marker ? MARKER : 0) | header.payloadType;
  bytes.writeUInt16BE(header.sequence & 0xffff, at + 2);
  bytes.writeUInt32BE(header.timestamp >>> 0, at + 4);
  bytes.writeUInt32BE(header.ssrc >>> 0, at + 8);
}
