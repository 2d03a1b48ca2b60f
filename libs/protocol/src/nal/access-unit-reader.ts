// Access units as encoders send them, into access units as ISO/IEC 14496-15 section 4.3 has them: what decoders tolerate is put right.
import { AccessUnitFlag, joinAccessUnit, MAX_NAL_UNITS, nalLengthAt } from './access-unit.ts';
import type { NalLengthSize, NalSyntax } from './access-unit.ts';
import { beginsWithStartCode, splitAnnexB } from './annexb.ts';

/** A byte stream's NAL units get lengths of this size. */
const CONVERTED_SIZE: NalLengthSize = 4;
const OTHER_SIZES: readonly NalLengthSize[] = [4, 2, 1, 3];
/** Every kind of slice has it. */
const PICTURE = AccessUnitFlag.slice;

/**
 * Reads one access unit, or a part of one, after the other. An ordinary one is walked once and given back as it is. NAL units
 * of no bytes and trailing bytes are taken out; start codes become lengths (annex B); lengths of another size than the
 * configuration says are found out.
 */
export class AccessUnitReader {
  /** Bits of `AccessUnitFlag` of what was read last. */
  flags = 0;
  /** Whether its first slice begins a picture. */
  beginsPicture = false;
  readonly #syntax: NalSyntax;
  #lengthSize: NalLengthSize;
  /** Whether a picture with lengths of this size has been read. */
  #isConfirmed = false;
  /** Whether bytes have to be taken out of what was walked last, and where it ends without what trails. */
  #isClean = true;
  #end = 0;

  /** @param lengthSize as the configuration says */
  constructor(syntax: NalSyntax, lengthSize: NalLengthSize) {
    this.#syntax = syntax;
    this.#lengthSize = lengthSize;
  }

  /** The size of the length fields in what `read` returns. */
  get lengthSize(): NalLengthSize {
    return this.#lengthSize;
  }

  set lengthSize(size: NalLengthSize) {
    if (size === this.#lengthSize) return;
    this.#lengthSize = size;
    this.#isConfirmed = false;
  }

  /** @returns `payload` itself where it is in order; undefined when no decoder would find NAL units in it */
  read(payload: Buffer): Buffer | undefined {
    if (this.#walk(payload, this.#lengthSize)) return this.#tidy(payload);
    if (beginsWithStartCode(payload)) return this.#convert(payload);
    return this.#isConfirmed ? undefined : this.#readWithOtherSize(payload);
  }

  #tidy(payload: Buffer): Buffer {
    if ((this.flags & PICTURE) !== 0) this.#isConfirmed = true;
    const whole = this.#end === payload.length ? payload : payload.subarray(0, this.#end);
    if (this.#isClean) return whole;
    const nalUnits: Uint8Array[] = [];
    for (let at = 0; at < whole.length;) {
      const from = at + this.#lengthSize;
      at = from + nalLengthAt(whole, at, this.#lengthSize);
      if (isNalUnit(whole, from, at)) nalUnits.push(whole.subarray(from, at));
    }
    return joinAccessUnit(nalUnits, this.#lengthSize);
  }

  #convert(payload: Buffer): Buffer | undefined {
    const nalUnits = splitAnnexB(payload).filter((nalUnit) => isNalUnit(nalUnit, 0, nalUnit.length));
    const longest = nalUnits.reduce((size, nalUnit) => Math.max(size, nalUnit.length), 0);
    if (nalUnits.length === 0 || nalUnits.length > MAX_NAL_UNITS) return undefined;
    if (longest >= 256 ** this.#lengthSize) this.lengthSize = CONVERTED_SIZE;
    const converted = joinAccessUnit(nalUnits, this.#lengthSize);
    return this.#walk(converted, this.#lengthSize) ? converted : undefined;
  }

  /** Without a picture that agreed with the configuration, the configuration may be wrong about it. */
  #readWithOtherSize(payload: Buffer): Buffer | undefined {
    const size = OTHER_SIZES.find((other) => this.#walk(payload, other) && this.#isPlausible(payload));
    if (size === undefined) return undefined;
    this.#lengthSize = size;
    return this.#tidy(payload);
  }

  #isPlausible(payload: Buffer): boolean {
    return this.#isClean && this.#end === payload.length && (this.flags & PICTURE) !== 0;
  }

  /** Notes what is in `payload`. @returns false when its lengths do not add up */
  #walk(payload: Buffer, size: NalLengthSize): boolean {
    this.flags = 0;
    this.beginsPicture = false;
    this.#isClean = true;
    this.#end = payload.length;
    let hasSlice = false;
    let at = 0;
    for (let count = 0; at < payload.length; count++) {
      if (count > MAX_NAL_UNITS) return false;
      const from = at + size;
      const end = from <= payload.length ? from + nalLengthAt(payload, at, size) : Infinity;
      if (end > payload.length) return this.#endAt(payload, at, size);
      if (isNalUnit(payload, from, end)) {
        const flag = this.#syntax.flagsOf(payload, from, end - from);
        if (!hasSlice && (flag & PICTURE) !== 0) {
          hasSlice = true;
          this.beginsPicture = this.#syntax.beginsPicture(payload, from, end - from);
        }
        this.flags |= flag;
      } else {
        this.#isClean = false;
      }
      at = end;
    }
    return true;
  }

  /** A picture may have padding behind it: fewer bytes than a length has, or zeros. */
  #endAt(payload: Buffer, at: number, size: NalLengthSize): boolean {
    if ((this.flags & PICTURE) === 0 || looksLikeStream(payload, size)) return false;
    if (payload.length - at >= size && payload.subarray(at).some((byte) => byte !== 0)) return false;
    this.#end = at;
    return true;
  }
}

/** Three bytes of a start code may as well be those of a length of 256 to 511, four bytes hardly one of 1. */
const looksLikeStream = (payload: Buffer, size: NalLengthSize): boolean =>
  size === 4 ? nalLengthAt(payload, 0, size) === 1 : beginsWithStartCode(payload);

/** Not one of no bytes, and not one whose forbidden_zero_bit is set: decoders pass over both. */
const isNalUnit = (bytes: Uint8Array, from: number, end: number): boolean => end > from && bytes[from]! < 0x80;
