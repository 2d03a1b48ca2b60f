/** Bytes a writer starts with when it is not told what to expect. */
const DEFAULT_CAPACITY = 256;

/**
 * Builds big-endian output in one growing buffer. For what the server itself writes, so a value outside its field is a
 * defect of the caller and raises Node's RangeError.
 */
export class ByteWriter {
  private buffer: Buffer;
  private used = 0;

  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.buffer = Buffer.allocUnsafeSlow(Math.max(capacity, 16));
  }

  /** How many bytes were written so far. */
  get length(): number {
    return this.used;
  }

  /** Makes room for `count` bytes and returns where they go. */
  private grow(count: number): number {
    const at = this.used;
    const wanted = at + count;
    if (wanted > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(wanted, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, at);
      this.buffer = larger;
    }
    this.used = wanted;
    return at;
  }

  u8(value: number): this {
    this.buffer.writeUInt8(value, this.grow(1));
    return this;
  }

  u16(value: number): this {
    this.buffer.writeUInt16BE(value, this.grow(2));
    return this;
  }

  u24(value: number): this {
    this.buffer.writeUIntBE(value, this.grow(3), 3);
    return this;
  }

  u32(value: number): this {
    this.buffer.writeUInt32BE(value, this.grow(4));
    return this;
  }

  u32le(value: number): this {
    this.buffer.writeUInt32LE(value, this.grow(4));
    return this;
  }

  u64(value: bigint): this {
    this.buffer.writeBigUInt64BE(value, this.grow(8));
    return this;
  }

  i16(value: number): this {
    this.buffer.writeInt16BE(value, this.grow(2));
    return this;
  }

  i24(value: number): this {
    this.buffer.writeIntBE(value, this.grow(3), 3);
    return this;
  }

  i32(value: number): this {
    this.buffer.writeInt32BE(value, this.grow(4));
    return this;
  }

  f64(value: number): this {
    this.buffer.writeDoubleBE(value, this.grow(8));
    return this;
  }

  /** Appends a copy of `bytes`. */
  write(bytes: Uint8Array): this {
    this.buffer.set(bytes, this.grow(bytes.length));
    return this;
  }

  /** Appends `text` as UTF-8 without any length field. */
  utf8(text: string): this {
    const size = Buffer.byteLength(text, 'utf8');
    this.buffer.write(text, this.grow(size), size, 'utf8');
    return this;
  }

  /** Appends `count` times the same byte. */
  fill(value: number, count: number): this {
    const at = this.grow(count);
    this.buffer.fill(value, at, at + count);
    return this;
  }

  /** Overwrites four bytes written earlier, for lengths known only afterwards. */
  patchU32(at: number, value: number): this {
    this.checkPatch(at, 4);
    this.buffer.writeUInt32BE(value, at);
    return this;
  }

  /** Overwrites three bytes written earlier. */
  patchU24(at: number, value: number): this {
    this.checkPatch(at, 3);
    this.buffer.writeUIntBE(value, at, 3);
    return this;
  }

  private checkPatch(at: number, count: number): void {
    if (at < 0 || at + count > this.used) {
      throw new RangeError(`cannot patch ${count} bytes at ${at} of ${this.used} written`);
    }
  }

  /** The bytes written so far, as a view. Writing on afterwards may or may not show in it: take it last. */
  toBuffer(): Buffer {
    return this.buffer.subarray(0, this.used);
  }
}
