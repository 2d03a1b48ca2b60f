/** Builds big-endian bit fields, most significant bit first. A value outside its field is a defect of the caller. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #length = 0;

  /** How many bits were written. */
  get position(): number {
    return this.#length;
  }

  /** Appends the low `count` bits (0 to 32) of `value`. */
  bits(value: number, count: number): this {
    if (count < 0 || count > 32 || value < 0 || value >= 2 ** count || !Number.isInteger(value)) {
      throw new RangeError(`${value} does not fit ${count} bits`);
    }
    for (let at = count - 1; at >= 0; at--) this.#bit(Math.floor(value / 2 ** at) % 2);
    return this;
  }

  flag(value: boolean): this {
    this.#bit(value ? 1 : 0);
    return this;
  }

  #bit(value: number): void {
    const index = this.#length >> 3;
    this.#bytes[index] = (this.#bytes[index] ?? 0) | (value << (7 - (this.#length & 7)));
    this.#length++;
  }

  /** Fills up to the next byte boundary with zero bits; does nothing on one. */
  align(): this {
    while ((this.#length & 7) !== 0) this.#bit(0);
    return this;
  }

  /** ue(v), unsigned Exp-Golomb (ITU-T H.264 section 9.1). */
  ue(value: number): this {
    const width = Math.floor(Math.log2(value + 1));
    return this.bits(0, width)
      .flag(true)
      .bits(value + 1 - 2 ** width, width);
  }

  /** se(v), signed Exp-Golomb (ITU-T H.264 section 9.1.1). */
  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** What was written so far, the last byte filled up with zero bits. */
  toBuffer(): Buffer {
    return Buffer.from(this.#bytes);
  }
}
