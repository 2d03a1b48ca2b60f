// ISO/IEC 13818-1 section 2.4.3.2: transport_packet.
import { ByteReader, ProtocolError } from '../bytes/index.ts';

const PLACE = 'mpegts/packet';
export const TS_PACKET_BYTES = 188;
export const TS_HEADER_BYTES = 4;
/** What a packet carries when it has no adaptation field. */
export const TS_PAYLOAD_BYTES = TS_PACKET_BYTES - TS_HEADER_BYTES;
export const SYNC_BYTE = 0x47;
export const NULL_PID = 0x1fff;

/** adaptation_field_control as bits: 0 is reserved. */
export const AdaptationControl = { payload: 1, adaptation: 2 } as const;

export interface TsPacketHeader {
  readonly transportError: boolean;
  /** The payload begins a PES packet or (after a pointer) a section. */
  readonly payloadUnitStart: boolean;
  readonly priority: boolean;
  readonly pid: number;
  readonly scramblingControl: number;
  /** Bits of `AdaptationControl`. */
  readonly adaptationControl: number;
  readonly continuityCounter: number;
}

/**
 * Reads the header of the packet at `offset`.
 * @throws ProtocolError `mpegts.packet.sync` when no packet begins there
 */
export function decodeTsPacketHeader(bytes: Uint8Array, offset = 0): TsPacketHeader {
  const reader = new ByteReader(bytes, PLACE, Math.min(offset, bytes.length));
  reader.need(TS_PACKET_BYTES);
  if (reader.u8() !== SYNC_BYTE) throw new ProtocolError('mpegts.packet.sync', PLACE, `no sync byte at ${offset}`);
  const second = reader.u8();
  const third = reader.u8();
  const fourth = reader.u8();
  return {
    transportError: (second & 0x80) !== 0,
    payloadUnitStart: (second & 0x40) !== 0,
    priority: (second & 0x20) !== 0,
    pid: ((second & 0x1f) << 8) | third,
    scramblingControl: fourth >> 6,
    adaptationControl: (fourth >> 4) & 3,
    continuityCounter: fourth & 15,
  };
}

/** Writes the four bytes of a header. */
export function encodeTsPacketHeader(header: TsPacketHeader): Buffer {
  return Buffer.from([
    SYNC_BYTE,
    (header.transportError ? 0x80 : 0) |
      (header.payloadUnitStart ? 0x40 : 0) |
      (header.priority ? 0x20 : 0) |
      (header.pid >> 8),
    header.pid & 0xff,
    (header.scramblingControl << 6) | (header.adaptationControl << 4) | header.continuityCounter,
  ]);
}
