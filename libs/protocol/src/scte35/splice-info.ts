// ANSI/SCTE 35 (2023) section 9.6: a splice_info_section, as far as a playlist needs it: what begins or ends, and for how long.
import { BitReader, ByteWriter, ProtocolError } from '../bytes/index.ts';
import { crc32Mpeg2 } from '../mpegts/crc32.ts';

const PLACE = 'scte35/splice-info-section';
const TABLE_ID = 0xfc;
const LENGTH_BYTES = 3;
const CRC_BYTES = 4;
/** What is between section_length and the command. */
const HEADER_BYTES = 11;
const SpliceCommand = { insert: 0x05, timeSignal: 0x06 } as const;
/** `splice_command_length` of sections that do not say how long their command is. */
const LENGTH_NOT_GIVEN = 0xfff;
const SEGMENTATION_DESCRIPTOR = 0x02;
const CUEI = 0x43554549;

export interface SpliceInsert {
  readonly eventId: number;
  readonly cancelled: boolean;
  /** Whether the network is left (a break begins) rather than rejoined. */
  readonly out: boolean;
  /** How long the break is planned to last, in 90 kHz ticks. */
  readonly duration90k: number | undefined;
  /** Whether the break ends by itself after that. */
  readonly autoReturn: boolean;
}

export interface Segmentation {
  readonly eventId: number;
  readonly cancelled: boolean;
  readonly typeId: number;
  readonly duration90k: number | undefined;
}

export interface SpliceInfo {
  readonly commandType: number;
  readonly insert: SpliceInsert | undefined;
  /** Those of a time_signal. */
  readonly segmentations: readonly Segmentation[];
}

/** @throws ProtocolError for what is not one whole, unencrypted section with the right CRC */
export function decodeSpliceInfo(section: Uint8Array): SpliceInfo {
  const reader = new BitReader(section, PLACE);
  if (reader.bits(8) !== TABLE_ID) throw new ProtocolError('scte35.table-id', PLACE, 'another table');
  reader.skip(4);
  const length = reader.bits(12);
  if (length + LENGTH_BYTES !== section.length)
    throw new ProtocolError('scte35.length', PLACE, `says ${length + LENGTH_BYTES} bytes, has ${section.length}`);
  if (crc32Mpeg2(section) !== 0) throw new ProtocolError('scte35.crc', PLACE, 'the CRC is wrong');
  reader.skip(8);
  if (reader.flag()) throw new ProtocolError('scte35.encrypted', PLACE, 'the section is encrypted');
  // encryption_algorithm, pts_adjustment, cw_index, tier.
  reader.skip(6 + 33 + 8 + 12);
  const commandLength = reader.bits(12);
  const commandType = reader.bits(8);
  const start = reader.position;
  const insert = commandType === SpliceCommand.insert ? spliceInsert(reader) : undefined;
  if (commandType === SpliceCommand.timeSignal) spliceTime(reader);
  if (commandLength !== LENGTH_NOT_GIVEN) {
    const rest = start + commandLength * 8 - reader.position;
    if (rest < 0) throw new ProtocolError('scte35.command-length', PLACE, 'the command is longer than it says');
    reader.skip(rest);
  } else if (insert === undefined && commandType !== SpliceCommand.timeSignal) {
    throw new ProtocolError('scte35.command-length', PLACE, `command ${commandType} of unknown length`);
  }
  return { commandType, insert, segmentations: descriptors(reader, section.length - CRC_BYTES) };
}

/** Section 9.7.3. */
function spliceInsert(reader: BitReader): SpliceInsert {
  const eventId = reader.bits(32);
  const cancelled = reader.flag();
  reader.skip(7);
  if (cancelled) return { eventId, cancelled, out: false, duration90k: undefined, autoReturn: false };
  const out = reader.flag();
  const isProgram = reader.flag();
  const hasDuration = reader.flag();
  const isImmediate = reader.flag();
  reader.skip(4);
  if (isProgram) {
    if (!isImmediate) spliceTime(reader);
  } else {
    for (let left = reader.bits(8); left > 0; left--) {
      reader.skip(8);
      if (!isImmediate) spliceTime(reader);
    }
  }
  let autoReturn = false;
  let duration90k: number | undefined;
  if (hasDuration) {
    autoReturn = reader.flag();
    reader.skip(6);
    duration90k = bits33(reader);
  }
  // unique_program_id, avail_num, avails_expected.
  reader.skip(32);
  return { eventId, cancelled, out, duration90k, autoReturn };
}

/** Section 9.8.1. The time is one of the stream that the section was made for, which is not known here. */
function spliceTime(reader: BitReader): void {
  reader.skip(reader.flag() ? 6 + 33 : 7);
}

const bits33 = (reader: BitReader): number => reader.bits(1) * 2 ** 32 + reader.bits(32);

/** Section 10. Those that are no segmentation descriptors are passed over. */
function descriptors(reader: BitReader, endBytes: number): Segmentation[] {
  const end = reader.position + 16 + reader.bits(16) * 8;
  if (end > endBytes * 8) throw new ProtocolError('scte35.descriptors', PLACE, 'descriptors beyond the section');
  const found: Segmentation[] = [];
  while (reader.position < end) {
    const tag = reader.bits(8);
    const next = reader.bits(8) * 8 + reader.position;
    if (next > end) throw new ProtocolError('scte35.descriptors', PLACE, 'a descriptor beyond the others');
    if (tag === SEGMENTATION_DESCRIPTOR && next - reader.position >= 32 && reader.bits(32) === CUEI)
      found.push(segmentation(reader));
    const rest = next - reader.position;
    if (rest < 0) throw new ProtocolError('scte35.descriptors', PLACE, 'a descriptor that is longer than it says');
    reader.skip(rest);
  }
  return found;
}

/** Section 10.3.3, behind its identifier. */
function segmentation(reader: BitReader): Segmentation {
  const eventId = reader.bits(32);
  const cancelled = reader.flag();
  reader.skip(7);
  if (cancelled) return { eventId, cancelled, typeId: 0, duration90k: undefined };
  const isProgram = reader.flag();
  const hasDuration = reader.flag();
  reader.skip(6);
  if (!isProgram) for (let left = reader.bits(8); left > 0; left--) reader.skip(8 + 7 + 33);
  const duration90k = hasDuration ? reader.bits(8) * 2 ** 32 + reader.bits(32) : undefined;
  reader.skip(8);
  for (let left = reader.bits(8); left > 0; left--) reader.skip(8);
  return { eventId, cancelled, typeId: reader.bits(8), duration90k };
}

/** Section 9.7.3: out or in, at once, of the whole program, as encoders without SCTE 35 of their own mean it. */
export function encodeSpliceInsert({ eventId, out, duration90k, autoReturn }: Omit<SpliceInsert, 'cancelled'>): Buffer {
  const command = new ByteWriter(32);
  command.u32(eventId).u8(0x7f);
  // out_of_network_indicator, program_splice_flag, duration_flag, splice_immediate_flag; what is reserved is 1.
  command.u8((out ? 0x80 : 0) | 0x40 | (duration90k === undefined ? 0 : 0x20) | 0x10 | 0x0f);
  if (duration90k !== undefined) {
    const ticks = Math.min(Math.max(Math.round(duration90k), 0), 2 ** 33 - 1);
    command.u8((autoReturn ? 0x80 : 0) | 0x7e | (ticks >= 2 ** 32 ? 1 : 0)).u32(ticks % 2 ** 32);
  }
  command.u32(0);
  const body = command.toBuffer();
  const section = new ByteWriter(64);
  section.u8(TABLE_ID).u16(0x3000 | (HEADER_BYTES + body.length + 2 + CRC_BYTES));
  // Version 0, not encrypted, no adjustment, control word 0, tier 0xfff.
  section.fill(0, 7).u24(0xfff000 | body.length);
  section.u8(SpliceCommand.insert).write(body).u16(0);
  return section.u32(crc32Mpeg2(section.toBuffer())).toBuffer();
}
