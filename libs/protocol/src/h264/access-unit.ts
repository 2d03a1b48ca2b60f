// ISO/IEC 14496-15 section 5.3: an access unit as length-prefixed NAL units (AVCC), the form in FLV and on the frame bus.
import { ProtocolError } from '../bytes/index.ts';
import { NalUnitType } from './nal-unit.ts';
import { readSei, SeiFlag } from './sei.ts';

/** Bytes of the length before each NAL unit. ISO/IEC 14496-15 section 5.3.3.1.2 does not allow three; decoders take it. */
export type NalLengthSize = 1 | 2 | 3 | 4;

/** Most NAL units in one access unit. Multi-slice encoders at 4K send some 70; the bound only stops floods of empty ones. */
export const MAX_NAL_UNITS = 512;

/** What an access unit contains, as bits. */
export const AccessUnitFlag = {
  /** A slice of any kind: there is a picture. */
  slice: 1,
  /** An IDR slice: decoding can start here. */
  idr: 2,
  accessUnitDelimiter: 4,
  sps: 8,
  pps: 16,
  sei: 32,
  /** A slice that is predicted from other pictures: not all of it is intra coded. */
  predicted: 64,
  /** SEI says that decoding can start here. */
  recoveryPoint: 128,
  /** SEI carries captions of CEA-608. */
  cea608: 256,
  /** SEI carries captions of CEA-708. */
  cea708: 512,
} as const;

/** What one pass over an access unit finds. Reused from call to call, so that scanning allocates nothing. */
export class AccessUnitScan {
  /** Bits of `AccessUnitFlag`. */
  flags = 0;
  nalUnits = 0;
  /** Bytes of all NAL units, without their length prefixes. */
  nalBytes = 0;
  spsCount = 0;
  ppsCount = 0;
  delimiterCount = 0;
  /** Bytes of all access unit delimiters. */
  delimiterBytes = 0;
  /** Offset and size of the first access unit delimiter. */
  delimiterOffset = 0;
  delimiterSize = 0;

  reset(): void {
    this.flags = 0;
    this.nalUnits = 0;
    this.nalBytes = 0;
    this.spsCount = 0;
    this.ppsCount = 0;
    this.delimiterCount = 0;
    this.delimiterBytes = 0;
    this.delimiterOffset = 0;
    this.delimiterSize = 0;
  }
}

/** The length field at `offset`; the caller has checked that it is there. */
export function nalLengthAt(payload: Uint8Array, offset: number, nalLengthSize: NalLengthSize): number {
  if (nalLengthSize === 4) {
    return (
      payload[offset]! * 0x1000000 + ((payload[offset + 1]! << 16) | (payload[offset + 2]! << 8) | payload[offset + 3]!)
    );
  }
  if (nalLengthSize === 3) return (payload[offset]! << 16) | (payload[offset + 1]! << 8) | payload[offset + 2]!;
  return nalLengthSize === 2 ? (payload[offset]! << 8) | payload[offset + 1]! : payload[offset]!;
}

/**
 * Walks an access unit once, checking every length, and fills `scan` with what is in it.
 * @throws ProtocolError `h264.access-unit.*` when the NAL units do not exactly fill the payload, one is empty, or there
 *   are more than `MAX_NAL_UNITS`
 */
export function scanAccessUnit(payload: Uint8Array, nalLengthSize: NalLengthSize, scan: AccessUnitScan): void {
  scan.reset();
  const end = payload.length;
  let offset = 0;
  while (offset < end) {
    if (end - offset < nalLengthSize) throw malformed('length-cut', `${end - offset} bytes left over`);
    const size = nalLengthAt(payload, offset, nalLengthSize);
    offset += nalLengthSize;
    if (size > end - offset) throw malformed('nal-too-long', `${size} bytes at ${offset}, has ${end - offset}`);
    if (size === 0) throw malformed('nal-empty', `NAL unit ${scan.nalUnits} has no bytes`);
    if (++scan.nalUnits > MAX_NAL_UNITS) throw malformed('too-many-nals', `more than ${MAX_NAL_UNITS} NAL units`);
    const header = payload[offset]!;
    if (header > 0x7f) throw malformed('forbidden-bit', `forbidden_zero_bit set at ${offset}`);
    note(scan, payload, offset, size);
    offset += size;
  }
}

/** The bits of `AccessUnitFlag` that the NAL unit at `offset` sets. */
export function flagsOfNalUnit(payload: Uint8Array, offset: number, size: number): number {
  switch (payload[offset]! & 0x1f) {
    case NalUnitType.slice:
    case NalUnitType.dataPartitionA:
      return AccessUnitFlag.slice | (isIntraSlice(payload, offset, size) ? 0 : AccessUnitFlag.predicted);
    case NalUnitType.idrSlice:
      return AccessUnitFlag.slice | AccessUnitFlag.idr;
    case NalUnitType.sei:
      return AccessUnitFlag.sei | flagsOfSei(readSei(payload, offset, size));
    case NalUnitType.sps:
      return AccessUnitFlag.sps;
    case NalUnitType.pps:
      return AccessUnitFlag.pps;
    case NalUnitType.accessUnitDelimiter:
      return AccessUnitFlag.accessUnitDelimiter;
    default:
      return 0;
  }
}

function note(scan: AccessUnitScan, payload: Uint8Array, offset: number, size: number): void {
  const flags = flagsOfNalUnit(payload, offset, size);
  scan.nalBytes += size;
  scan.flags |= flags;
  if ((flags & AccessUnitFlag.sps) !== 0) scan.spsCount++;
  if ((flags & AccessUnitFlag.pps) !== 0) scan.ppsCount++;
  if ((flags & AccessUnitFlag.accessUnitDelimiter) === 0) return;
  if (scan.delimiterCount === 0) {
    scan.delimiterOffset = offset;
    scan.delimiterSize = size;
  }
  scan.delimiterCount++;
  scan.delimiterBytes += size;
}

function flagsOfSei(sei: number): number {
  return (
    ((sei & SeiFlag.recoveryPoint) === 0 ? 0 : AccessUnitFlag.recoveryPoint) |
    ((sei & SeiFlag.cea608) === 0 ? 0 : AccessUnitFlag.cea608) |
    ((sei & SeiFlag.cea708) === 0 ? 0 : AccessUnitFlag.cea708)
  );
}

/** slice_type values of I and SI (table 7-6), of this slice alone and of the whole picture. */
const INTRA_SLICE_TYPES = [2, 4, 7, 9];

/** Where `readUe` reads next, in bits. */
let bitAt = 0;

/** slice_header begins with first_mb_in_slice and slice_type (section 7.3.3); nothing in them needs emulation prevention. */
function isIntraSlice(payload: Uint8Array, offset: number, size: number): boolean {
  bitAt = (offset + 1) * 8;
  const end = (offset + size) * 8;
  return readUe(payload, end) >= 0 && INTRA_SLICE_TYPES.includes(readUe(payload, end));
}

/** ue(v) of at most 20 bits behind the leading zeros. @returns -1 when there is none */
function readUe(payload: Uint8Array, end: number): number {
  let zeros = 0;
  for (; bitAt < end && (payload[bitAt >> 3]! & (0x80 >> (bitAt & 7))) === 0; bitAt++) zeros++;
  if (zeros > 20 || bitAt + zeros >= end) return -1;
  let value = 0;
  for (let left = zeros + 1; left > 0; left--, bitAt++)
    value = value * 2 + ((payload[bitAt >> 3]! >> (7 - (bitAt & 7))) & 1);
  return value - 1;
}

const malformed = (code: string, detail: string): ProtocolError =>
  new ProtocolError(`h264.access-unit.${code}`, 'h264/access-unit', detail);

const scratch = new AccessUnitScan();

/**
 * What an access unit contains, as bits of `AccessUnitFlag`; allocates nothing. 0 for an empty payload. Whether the
 * unit is a keyframe follows from `idr`, never from what the container claims.
 * @throws ProtocolError as `scanAccessUnit`
 */
export function classifyAccessUnit(payload: Uint8Array, nalLengthSize: NalLengthSize): number {
  scanAccessUnit(payload, nalLengthSize, scratch);
  return scratch.flags;
}

/**
 * Views of the NAL units of an access unit.
 * @throws ProtocolError as `scanAccessUnit`
 */
export function splitAccessUnit(payload: Uint8Array, nalLengthSize: NalLengthSize): Uint8Array[] {
  scanAccessUnit(payload, nalLengthSize, scratch);
  const nalUnits: Uint8Array[] = [];
  for (let offset = 0; offset < payload.length;) {
    const from = offset + nalLengthSize;
    offset = from + nalLengthAt(payload, offset, nalLengthSize);
    nalUnits.push(payload.subarray(from, offset));
  }
  return nalUnits;
}

/** The NAL units as one length-prefixed access unit. Copies; RangeError when one is too long for its length field. */
export function joinAccessUnit(nalUnits: readonly Uint8Array[], nalLengthSize: NalLengthSize): Buffer {
  const size = nalUnits.reduce((sum, nalUnit) => sum + nalLengthSize + nalUnit.length, 0);
  const payload = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const nalUnit of nalUnits) {
    offset = payload.writeUIntBE(nalUnit.length, offset, nalLengthSize);
    payload.set(nalUnit, offset);
    offset += nalUnit.length;
  }
  return payload;
}
