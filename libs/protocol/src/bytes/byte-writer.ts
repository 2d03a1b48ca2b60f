/** Bytes a writer starts with when it is not told what to expect. */
const DEFAULT_CAPACITY = 256;

/**
 * Builds big-endian output in one growing buffer. For what the server itself writes, so a value outside its field is a
 * defect of the caller and raises Node's RangeError.
 */
export class ByteWriter {
  #buffer: Buffer;
  #used = 0;

  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(capacity, 16));
  }

  /** How many bytes were written so far. */
  get length(): number {
    return this.#used;
  }

  /** Makes room for `count` bytes and returns where they go. Replaces `buffer`: call it before looking at that. */
  #grow(count: number): number {
    const at = this.#used;
    const wanted = at + count;
    if (wanted > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(wanted, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    this.#used = wanted;
    return at;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#buffer.writeUInt8(value, at);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#buffer.writeUInt16BE(value, at);
    return this;
  }

  u24(value: number): this {
    const at = this.#grow(3);
    this.#buffer.writeUIntBE(value, at, 3);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#buffer.writeUInt32BE(value, at);
    return this;
  }

  u32le(value: number): this {
    const at = this.#grow(4);
    this.#buffer.writeUInt32LE(value, at);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#grow(8);
    this.#buffer.writeBigUInt64BE(value, at);
    return this;
  }

  i16(value: number): this {
    const at = this.#grow(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  i24(value: number): this {
    const at = this.#grow(3);
    this.#buffer.writeIntBE(value, at, 3);
    return this;
  }

  i32(value: number): this {
    const at = this.#grow(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  f64(value: number): this {
    const at = this.#grow(8);
    this.#buffer.writeDoubleBE(value, at);
    return this;
  }

  /** Appends a copy of `bytes`. */
  write(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  /** Appends `text` as UTF-8 without any length field. */
  utf8(text: string): this {
    const size = Buffer.byteLength(text, 'utf8');
    const at = this.#grow(size);
    this.#buffer.write(text, at, size, 'utf8');
    return this;
  }

  /** Appends `count` times the same byte. */
  fill(value: number, count: number): this {
    const at = this.#grow(count);
    this.#buffer.fill(value, at, at + count);
    return this;
  }

  /** Overwrites four bytes written earlier, for lengths known only afterwards. */
  patchU32(at: number, value: number): this {
    this.#checkPatch(at, 4);
    this.#buffer.writeUInt32BE(value, at);
    return this;
  }

  /** Overwrites three bytes written earlier. */
  patchU24(at: number, value: number): this {
    this.#checkPatch(at, 3);
    this.#buffer.writeUIntBE(value, at, 3);
    return this;
  }

  #checkPatch(at: number, count: number): void {
    if (at < 0 || at + count > this.#used) {
      throw new RangeError(`cannot patch ${count} bytes at ${at} of ${this.#used} written`);
    }
  }

  /** The bytes written so far, as a view. Writing on afterwards may or may not show in it: take it last. */
  toBuffer(): Buffer {
    return this.#buffer.subarray(0, this.#used);
  }
}
