// ISO/IEC 14496-15 section 4.3: an access unit as length-prefixed NAL units, the form in FLV and on the frame bus. The framing is
// the same for every codec made of NAL units; what a NAL unit is, its codec says.
import { ProtocolError } from '../bytes/index.ts';

/** Bytes of the length before each NAL unit. ISO/IEC 14496-15 section 5.3.3.1.2 does not allow three; decoders take it. */
export type NalLengthSize = 1 | 2 | 3 | 4;

/** Most NAL units in one access unit. Multi-slice encoders at 4K send some 70; the bound only stops floods of empty ones. */
export const MAX_NAL_UNITS = 512;

/** What an access unit contains, as bits. */
export const AccessUnitFlag = {
  /** A slice of any kind: there is a picture. */
  slice: 1,
  /** A slice of an IDR picture, or of another one behind which everything can be decoded. */
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
  /** A video parameter set, which H.264 does not have. */
  vps: 1024,
} as const;

/** What a codec says of its NAL units. Asked for each of them, so it allocates nothing. */
export interface NalSyntax {
  /** Bits of `AccessUnitFlag` that the NAL unit of `size` bytes, at least one, at `offset` sets. */
  flagsOf(payload: Uint8Array, offset: number, size: number): number;
  /** Whether a slice is the first of its picture, rather than going on with one. */
  beginsPicture(payload: Uint8Array, offset: number, size: number): boolean;
}

/** What one pass over an access unit finds. Reused from call to call, so that scanning allocates nothing. */
export class AccessUnitScan {
  /** Bits of `AccessUnitFlag`. */
  flags = 0;
  nalUnits = 0;
  /** Bytes of all NAL units, without their length prefixes. */
  nalBytes = 0;
  vpsCount = 0;
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
    this.vpsCount = 0;
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
 * @throws ProtocolError `nal.access-unit.*` when the NAL units do not exactly fill the payload, one is empty, or there
 *   are more than `MAX_NAL_UNITS`
 */
export function scanAccessUnit(
  payload: Uint8Array,
  nalLengthSize: NalLengthSize,
  syntax: NalSyntax,
  scan: AccessUnitScan,
): void {
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
    note(scan, syntax.flagsOf(payload, offset, size), offset, size);
    offset += size;
  }
}

function note(scan: AccessUnitScan, flags: number, offset: number, size: number): void {
  scan.nalBytes += size;
  scan.flags |= flags;
  if ((flags & AccessUnitFlag.vps) !== 0) scan.vpsCount++;
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

const malformed = (code: string, detail: string): ProtocolError =>
  new ProtocolError(`nal.access-unit.${code}`, 'nal/access-unit', detail);

const scratch = new AccessUnitScan();

/**
 * What an access unit contains, as bits of `AccessUnitFlag`; allocates nothing. 0 for an empty payload. Whether the
 * unit is a keyframe follows from `idr`, never from what the container claims.
 * @throws ProtocolError as `scanAccessUnit`
 */
export function classifyAccessUnit(payload: Uint8Array, nalLengthSize: NalLengthSize, syntax: NalSyntax): number {
  scanAccessUnit(payload, nalLengthSize, syntax, scratch);
  return scratch.flags;
}

/** For where only the lengths matter. */
const FRAMING: NalSyntax = { flagsOf: () => 0, beginsPicture: () => false };

/**
 * Views of the NAL units of an access unit.
 * @throws ProtocolError as `scanAccessUnit`
 */
export function splitAccessUnit(payload: Uint8Array, nalLengthSize: NalLengthSize): Uint8Array[] {
  scanAccessUnit(payload, nalLengthSize, FRAMING, scratch);
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
