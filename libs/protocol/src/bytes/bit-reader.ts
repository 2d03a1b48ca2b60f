import { ENDED_EARLY, ProtocolError } from './protocol-error.ts';

/** ue(v) values fit in 32 bits: at most 32 leading zero bits (ITU-T H.264 section 9.1; table 9-2 ends at 2^32 - 2). */
const MAX_LEADING_ZEROS = 32;

/** Reads big-endian bit fields, most significant bit first, checking every bound. */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #bitLength: number;
  #bit = 0;
  /** Names the element in errors; may be set anew as reading goes on. */
  place: string;

  constructor(bytes: Uint8Array, place: string) {
    this.#bytes = bytes;
    this.#bitLength = bytes.length * 8;
    this.place = place;
  }

  /** How many bits are left to read. */
  get remaining(): number {
    return this.#bitLength - this.#bit;
  }

  /** How many bits were read. */
  get position(): number {
    return this.#bit;
  }

  #need(count: number): void {
    if (count > this.#bitLength - this.#bit) {
      throw new ProtocolError(
        ENDED_EARLY,
        this.place,
        `needs ${count} more bits at bit ${this.#bit}, has ${this.#bitLength - this.#bit}`,
      );
    }
  }

  /** The next `count` bits (0 to 32) as an unsigned number. */
  bits(count: number): number {
    if (count < 0 || count > 32) throw new RangeError(`cannot read ${count} bits at once`);
    this.#need(count);
    let value = 0;
    let left = count;
    while (left > 0) {
      const inByte = 8 - (this.#bit & 7);
      const take = Math.min(inByte, left);
      const byte = this.#bytes[this.#bit >> 3] ?? 0;
      // Multiplied, not shifted: the 32nd bit must not turn the number negative.
      value = value * 2 ** take + ((byte >> (inByte - take)) & ((1 << take) - 1));
      this.#bit += take;
      left -= take;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    this.#need(count);
    this.#bit += count;
  }

  /** Skips to the next byte boundary; does nothing on one. */
  align(): void {
    this.#bit = (this.#bit + 7) & ~7;
  }

  /** ue(v), unsigned Exp-Golomb (ITU-T H.264 section 9.1). `max` is the largest value the field may have. */
  ue(max: number = 0xfffffffe): number {
    let zeros = 0;
    while (!this.flag()) {
      zeros++;
      if (zeros > MAX_LEADING_ZEROS) {
        throw new ProtocolError('exp-golomb.too-long', this.place, `more than ${MAX_LEADING_ZEROS} leading zero bits`);
      }
    }
    const value = 2 ** zeros - 1 + this.bits(zeros);
    if (value > max) throw new ProtocolError('exp-golomb.out-of-range', this.place, `${value} is above ${max}`);
    return value;
  }

  /** se(v), signed Exp-Golomb (ITU-T H.264 section 9.1.1). `limit` bounds the magnitude. */
  se(limit: number = 0x7fffffff): number {
    const code = this.ue();
    const magnitude = Math.ceil(code / 2);
    if (magnitude > limit) {
      throw new ProtocolError('exp-golomb.out-of-range', this.place, `magnitude ${magnitude} is above ${limit}`);
    }
    if (magnitude === 0) return 0;
    return code % 2 === 1 ? magnitude : -magnitude;
  }
}
