// Enhanced RTMP v2, "ExVideoTagHeader": ModEx packets, which change what comes after them.
import type { ByteReader, ByteWriter } from '../bytes/index.ts';
import { ProtocolError } from '../bytes/index.ts';

/** Packet type 7 in video and audio alike. */
export const MOD_EX_PACKET_TYPE = 7;
/** VideoPacketModExType and AudioPacketModExType. */
const TIMESTAMP_OFFSET_NANO = 0;
/** "The nanosecond offset ... 0 to 999,999": at most one millisecond. */
const MAX_NANO_OFFSET = 999_999;
/** One is defined so far; a chain longer than this is an attack on the parser's time. */
export const MAX_MOD_EX_CHAIN = 8;

/** Reads a chain of ModEx packets and returns the packet type behind it and the nanoseconds it added. */
export function readModEx(reader: ByteReader): { readonly packetType: number; readonly nanoOffset: number } {
  let nanoOffset = 0;
  for (let link = 0; link < MAX_MOD_EX_CHAIN; link++) {
    let size = reader.u8() + 1;
    if (size === 256) size = reader.u16() + 1;
    const data = reader.sub(size);
    const types = reader.u8();
    if (types >> 4 === TIMESTAMP_OFFSET_NANO) {
      nanoOffset = data.u24();
      if (nanoOffset > MAX_NANO_OFFSET) {
        throw new ProtocolError('flv.mod-ex.nano-offset', reader.place, `${nanoOffset} ns`);
      }
    }
    if ((types & 15) !== MOD_EX_PACKET_TYPE) return { packetType: types & 15, nanoOffset };
  }
  throw new ProtocolError('flv.mod-ex.chain', reader.place, `more than ${MAX_MOD_EX_CHAIN} ModEx packets`);
}

/** Writes one ModEx packet with a timestamp offset; the packet type behind it goes into its last byte. */
export function writeNanoOffset(writer: ByteWriter, nanoOffset: number, packetType: number): void {
  writer
    .u8(3 - 1)
    .u24(nanoOffset)
    .u8((TIMESTAMP_OFFSET_NANO << 4) | packetType);
}
