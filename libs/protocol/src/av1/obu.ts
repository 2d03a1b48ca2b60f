// AV1 Bitstream & Decoding Process Specification, section 5.3: open bitstream units, as far as a temporal unit has to be known.
import { BitReader, ByteReader, ProtocolError } from '../bytes/index.ts';

const PLACE = 'av1/obu';

/** Section 6.2.2: obu_type. */
export const ObuType = {
  sequenceHeader: 1,
  temporalDelimiter: 2,
  frameHeader: 3,
  tileGroup: 4,
  metadata: 5,
  frame: 6,
  redundantFrameHeader: 7,
  tileList: 8,
  padding: 15,
} as const;

/** Tiles of a large picture come in many units. */
export const MAX_OBUS = 1_024;
/** Section 4.10.5: leb128 has eight bytes at most, and no more than 32 bits. */
const MAX_LEB128_BYTES = 8;
/** Section 6.8.2: frame_type. */
const KEY_FRAME = 0;

export interface Obu {
  readonly type: number;
  /** With its header. */
  readonly start: number;
  /** What follows the header. */
  readonly dataStart: number;
  readonly end: number;
}

function leb128(reader: ByteReader): number {
  let value = 0;
  for (let at = 0; at < MAX_LEB128_BYTES; at++) {
    const byte = reader.u8();
    value += (byte & 0x7f) * 2 ** (7 * at);
    if ((byte & 0x80) === 0) {
      if (value > 0xffff_ffff) break;
      return value;
    }
  }
  throw new ProtocolError('av1.leb128', PLACE, 'a size above 32 bits');
}

/**
 * The units of some bytes. One without a size reaches to the end.
 * @throws ProtocolError when sizes do not add up
 */
export function splitObus(bytes: Uint8Array): Obu[] {
  const reader = new ByteReader(bytes, PLACE);
  const obus: Obu[] = [];
  while (reader.remaining > 0) {
    if (obus.length === MAX_OBUS) throw new ProtocolError('av1.obu.too-many', PLACE, `more than ${MAX_OBUS}`);
    const start = reader.offset;
    const head = reader.u8();
    if ((head & 0x80) !== 0) throw new ProtocolError('av1.obu.forbidden-bit', PLACE, 'obu_forbidden_bit is set');
    if ((head & 4) !== 0) reader.u8();
    const size = (head & 2) === 0 ? reader.remaining : leb128(reader);
    const dataStart = reader.offset;
    reader.take(size);
    obus.push({ type: (head >> 3) & 15, start, dataStart, end: reader.offset });
  }
  return obus;
}

/** What is in a temporal unit. */
export interface TemporalUnit {
  /** Whether there is a frame, or one that was decoded before is to be shown. */
  readonly hasFrame: boolean;
  /** Section 7.6.2: a key frame that is shown, behind a sequence header. Delayed random access points do not count. */
  readonly keyframe: boolean;
  /** The last sequence header, with its own header; undefined when there is none. */
  readonly sequenceHeader: Buffer | undefined;
  /** Bytes of temporal delimiters at the beginning: containers leave them out. */
  readonly delimiterBytes: number;
}

/**
 * Reads the headers of a temporal unit.
 * @param hasSequenceHeader whether there was one before it
 * @throws ProtocolError when it is none
 */
export function readTemporalUnit(bytes: Uint8Array, hasSequenceHeader = false): TemporalUnit {
  let sequenceHeader: Buffer | undefined;
  let hasFrame = false;
  let keyframe = false;
  let delimiterBytes = 0;
  for (const { type, start, dataStart, end } of splitObus(bytes)) {
    if (type === ObuType.temporalDelimiter && start === delimiterBytes) delimiterBytes = end;
    else if (type === ObuType.sequenceHeader) {
      sequenceHeader = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    } else if (type === ObuType.frameHeader || type === ObuType.frame) {
      if (!hasFrame) keyframe = isShownKeyframe(bytes.subarray(dataStart, end));
      hasFrame = true;
    }
  }
  return {
    hasFrame,
    keyframe: keyframe && (hasSequenceHeader || sequenceHeader !== undefined),
    sequenceHeader,
    delimiterBytes,
  };
}

/** Section 5.9.2: show_existing_frame, frame_type, show_frame. */
function isShownKeyframe(header: Uint8Array): boolean {
  const reader = new BitReader(header, 'av1/frame-header');
  if (reader.flag()) return false;
  return reader.bits(2) === KEY_FRAME && reader.flag();
}
