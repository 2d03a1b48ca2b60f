// ISO/IEC 13818-1 section 2.4.3.6: PES_packet, with the header that audio and video streams have.
import type { ByteReader } from '../bytes/index.ts';
import { ProtocolError } from '../bytes/index.ts';
import { readTimestamp, TIMESTAMP_BYTES, TimestampPrefix, writeTimestamp } from './clock.ts';

/** Start code, stream id and length: what PES_packet_length does not count. */
export const PES_PREFIX_BYTES = 6;
/** Flags and PES_header_data_length. */
const PES_FLAGS_BYTES = 3;
/** PES_packet_length 0 says "until the next one starts" and is allowed for video only. */
const MAX_PES_PACKET_LENGTH = 0xffff;

/** stream_id (table 2-22) of the first audio and the first video stream. */
export const StreamId = { private1: 0xbd, audio: 0xc0, video: 0xe0 } as const;

export interface PesHeader {
  readonly streamId: number;
  /** Bytes after the length field; 0 when it is unbounded. */
  readonly packetLength: number;
  /** 33 bits, wrapped. */
  readonly pts: number | undefined;
  /** 33 bits, wrapped; undefined when it is the same as the PTS. */
  readonly dts: number | undefined;
  readonly dataAlignment: boolean;
  /** Bytes of the whole header: where the elementary stream begins. */
  readonly headerBytes: number;
}

/** Bytes of a header with one timestamp or two. */
export function pesHeaderBytes(withDts: boolean): number {
  return PES_PREFIX_BYTES + PES_FLAGS_BYTES + (withDts ? 2 : 1) * TIMESTAMP_BYTES;
}

/**
 * Reads a PES header and leaves the reader at the elementary stream data.
 * @throws ProtocolError when there is none, or its fields contradict each other
 */
export function decodePesHeader(reader: ByteReader): PesHeader {
  const start = reader.offset;
  if (reader.u24() !== 1) throw new ProtocolError('mpegts.pes.start-code', reader.place, 'no packet_start_code_prefix');
  const streamId = reader.u8();
  if (streamId !== StreamId.private1 && (streamId < StreamId.audio || streamId > 0xef)) {
    throw new ProtocolError('mpegts.pes.stream-id', reader.place, `stream_id ${streamId}`);
  }
  const packetLength = reader.u16();
  const first = reader.u8();
  if (first >> 6 !== 2) throw new ProtocolError('mpegts.pes.flags', reader.place, `flags ${first}`);
  const timestamps = reader.u8() >> 6;
  const fields = reader.sub(reader.u8());
  if (timestamps === 1) throw new ProtocolError('mpegts.pes.flags', reader.place, 'PTS_DTS_flags 01 is forbidden');
  const both = timestamps === 3;
  const pts =
    timestamps === 0 ? undefined : readTimestamp(fields, both ? TimestampPrefix.ptsBeforeDts : TimestampPrefix.ptsOnly);
  const dts = both ? readTimestamp(fields, TimestampPrefix.dts) : undefined;
  const headerBytes = reader.offset - start;
  if (packetLength !== 0 && packetLength + PES_PREFIX_BYTES < headerBytes) {
    throw new ProtocolError('mpegts.pes.length', reader.place, `PES_packet_length ${packetLength}`);
  }
  return { streamId, packetLength, pts, dts, dataAlignment: (first & 4) !== 0, headerBytes };
}

/**
 * Writes a PES header and returns the offset behind it. The DTS is left out where it equals the PTS.
 * @param dataBytes bytes of elementary stream; a packet above 65,535 bytes gets length 0, which only video may have
 * @param pts wrapped, as is dts
 * @param dataAlignment whether the data begin with the beginning of a unit
 */
export function writePesHeader(
  into: Uint8Array,
  offset: number,
  streamId: number,
  dataBytes: number,
  pts: number,
  dts: number,
  dataAlignment = false,
): number {
  const both = pts !== dts;
  const fieldBytes = (both ? 2 : 1) * TIMESTAMP_BYTES;
  const length = PES_FLAGS_BYTES + fieldBytes + dataBytes;
  const lengthField = length > MAX_PES_PACKET_LENGTH ? 0 : length;
  into[offset] = 0;
  into[offset + 1] = 0;
  into[offset + 2] = 1;
  into[offset + 3] = streamId;
  into[offset + 4] = lengthField >> 8;
  into[offset + 5] = lengthField;
  into[offset + 6] = dataAlignment ? 0x84 : 0x80;
  into[offset + 7] = both ? 0xc0 : 0x80;
  into[offset + 8] = fieldBytes;
  writeTimestamp(into, offset + 9, both ? TimestampPrefix.ptsBeforeDts : TimestampPrefix.ptsOnly, pts);
  if (both) writeTimestamp(into, offset + 9 + TIMESTAMP_BYTES, TimestampPrefix.dts, dts);
  return offset + PES_PREFIX_BYTES + PES_FLAGS_BYTES + fieldBytes;
}
