// ISO/IEC 13818-1 section 2.4.4: program specific information in sections of the long form.
import { ByteReader, ByteWriter, ProtocolError } from '../bytes/index.ts';
import { crc32Mpeg2 } from './crc32.ts';

const PLACE = 'mpegts/section';
const CRC_BYTES = 4;
/** Up to and including section_length. */
export const SECTION_PREFIX_BYTES = 3;
/** "The value in this field shall not exceed 1021" for PAT and PMT: sections have at most 1024 bytes. */
export const MAX_SECTION_LENGTH = 1021;

/** table_id (table 2-31). */
export const TableId = { pat: 0x00, cat: 0x01, pmt: 0x02 } as const;

export interface Section {
  readonly tableId: number;
  /** transport_stream_id of a PAT, program_number of a PMT. */
  readonly tableIdExtension: number;
  readonly version: number;
  /** current_next_indicator: this section is in force, not the next one. */
  readonly current: boolean;
  readonly sectionNumber: number;
  readonly lastSectionNumber: number;
  /** What lies between last_section_number and the CRC. */
  readonly body: Buffer;
}

/**
 * Reads a section.
 * @param bytes from table_id on; what follows the section is left alone
 * @throws ProtocolError when it is cut short, not of the long form, too long or its CRC is wrong
 */
export function decodeSection(bytes: Uint8Array): Section {
  const reader = new ByteReader(bytes, PLACE);
  const tableId = reader.u8();
  const lengthField = reader.u16();
  if ((lengthField & 0xc000) !== 0x8000)
    throw invalid('syntax', 'section_syntax_indicator is not 1, or the next bit not 0');
  const length = lengthField & 0xfff;
  if (length > MAX_SECTION_LENGTH || length < 5 + CRC_BYTES) throw invalid('length', `section_length ${length}`);
  reader.need(length);
  if (crc32Mpeg2(bytes.subarray(0, SECTION_PREFIX_BYTES + length)) !== 0) throw invalid('crc', 'CRC_32 is wrong');
  const tableIdExtension = reader.u16();
  const versionField = reader.u8();
  const sectionNumber = reader.u8();
  const lastSectionNumber = reader.u8();
  return {
    tableId,
    tableIdExtension,
    version: (versionField >> 1) & 31,
    current: (versionField & 1) !== 0,
    sectionNumber,
    lastSectionNumber,
    body: reader.take(length - 5 - CRC_BYTES),
  };
}

/** Writes a section with its CRC. */
export function encodeSection(section: Section): Buffer {
  const writer = new ByteWriter()
    .u8(section.tableId)
    // section_syntax_indicator 1, zero 0, reserved 11
    .u16(0xb000 | (5 + section.body.length + CRC_BYTES))
    .u16(section.tableIdExtension)
    .u8(0xc0 | (section.version << 1) | (section.current ? 1 : 0))
    .u8(section.sectionNumber)
    .u8(section.lastSectionNumber)
    .write(section.body);
  return writer.u32(crc32Mpeg2(writer.toBuffer())).toBuffer();
}

const invalid = (code: string, detail: string): ProtocolError =>
  new ProtocolError(`mpegts.section.${code}`, PLACE, detail);
