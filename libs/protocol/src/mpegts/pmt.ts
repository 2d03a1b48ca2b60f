// ISO/IEC 13818-1 section 2.4.4.8: TS_program_map_section.
import { ByteReader, ByteWriter, ProtocolError } from '../bytes/index.ts';
import { decodeSection, encodeSection, TableId } from './section.ts';

const PLACE = 'mpegts/pmt';

/** stream_type (table 2-34), the ones this server writes and reads. */
export const StreamType = {
  /** MPEG-1 audio: MP3 too. */
  mpeg1Audio: 0x03,
  /** MPEG-2 audio with half the sampling rates; others write it for MP3. */
  mpeg2Audio: 0x04,
  /** Data that a descriptor names: Opus. */
  privateData: 0x06,
  /** AAC in ADTS. */
  aacAdts: 0x0f,
  /** Metadata in PES packets (ISO/IEC 13818-1 section 2.12). */
  metadata: 0x15,
  h264: 0x1b,
  h265: 0x24,
  /** ATSC A/52 annex A. */
  ac3: 0x81,
  /** ATSC A/52 annex G. */
  eac3: 0x87,
} as const;

export interface ElementaryStream {
  readonly streamType: number;
  readonly pid: number;
  /** Descriptors as they came. */
  readonly descriptors: Buffer;
}

export interface ProgramMap {
  readonly programNumber: number;
  readonly version: number;
  readonly current: boolean;
  readonly pcrPid: number;
  readonly descriptors: Buffer;
  readonly streams: readonly ElementaryStream[];
}

/**
 * Reads a PMT section.
 * @throws ProtocolError when it is not one
 */
export function decodePmt(bytes: Uint8Array): ProgramMap {
  const section = decodeSection(bytes);
  if (section.tableId !== TableId.pmt) throw new ProtocolError('mpegts.pmt.table-id', PLACE, `${section.tableId}`);
  const reader = new ByteReader(section.body, PLACE);
  const pcrPid = reader.u16() & 0x1fff;
  const descriptors = reader.take(reader.u16() & 0xfff);
  const streams: ElementaryStream[] = [];
  while (reader.remaining > 0) {
    const streamType = reader.u8();
    const pid = reader.u16() & 0x1fff;
    streams.push({ streamType, pid, descriptors: reader.take(reader.u16() & 0xfff) });
  }
  return {
    programNumber: section.tableIdExtension,
    version: section.version,
    current: section.current,
    pcrPid,
    descriptors,
    streams,
  };
}

/** Writes a PMT of one section. */
export function encodePmt(pmt: ProgramMap): Buffer {
  const body = new ByteWriter().u16(0xe000 | pmt.pcrPid).u16(0xf000 | pmt.descriptors.length);
  body.write(pmt.descriptors);
  for (const stream of pmt.streams) {
    body.u8(stream.streamType).u16(0xe000 | stream.pid);
    body.u16(0xf000 | stream.descriptors.length).write(stream.descriptors);
  }
  return encodeSection({
    tableId: TableId.pmt,
    tableIdExtension: pmt.programNumber,
    version: pmt.version,
    current: pmt.current,
    sectionNumber: 0,
    lastSectionNumber: 0,
    body: body.toBuffer(),
  });
}
