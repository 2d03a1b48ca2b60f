import { ENDED_EARLY, ProtocolError } from './protocol-error.ts';

/**
 * Reads big-endian fields from a buffer it does not own, checking every bound. All "ended early" errors of the
 * byte-oriented formats come from here; `place` names the element being read.
 */
export class ByteReader {
  /** The bytes being read; a view, never a copy. */
  readonly bytes: Buffer;
  /** Offset of the next byte to read. */
  offset: number;
  /** Offset just after the last readable byte. */
  readonly end: number;
  /** Names the element in errors; may be set anew as reading goes on. */
  place: string;

  constructor(bytes: Uint8Array, place: string, offset = 0, end = bytes.length) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!(offset >= 0 && offset <= end && end <= bytes.length)) {
      throw new RangeError(`reader window ${offset}..${end} lies outside ${bytes.length} bytes`);
    }
    this.place = place;
    this.offset = offset;
    this.end = end;
  }

  /** How many bytes are left to read. */
  get remaining(): number {
    return this.end - this.offset;
  }

  /** Throws `ended-early` unless `count` more bytes are there. A negative count is a defect of the caller. */
  need(count: number): void {
    if (!(count >= 0)) throw new RangeError(`cannot read ${count} bytes`);
    if (count > this.end - this.offset) {
      throw new ProtocolError(
        ENDED_EARLY,
        this.place,
        `needs ${count} more bytes at offset ${this.offset}, has ${this.end - this.offset}`,
      );
    }
  }

  /** Moves `offset` past `count` bytes and returns where they began. */
  #advance(count: number): number {
    this.need(count);
    const at = this.offset;
    this.offset = at + count;
    return at;
  }

  /** The next byte without consuming it. */
  peekU8(): number {
    this.need(1);
    return this.bytes.readUInt8(this.offset);
  }

  u8(): number {
    return this.bytes.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.bytes.readUInt16BE(this.#advance(2));
  }

  u24(): number {
    return this.bytes.readUIntBE(this.#advance(3), 3);
  }

  u32(): number {
    return this.bytes.readUInt32BE(this.#advance(4));
  }

  u32le(): number {
    return this.bytes.readUInt32LE(this.#advance(4));
  }

  u64(): bigint {
    return this.bytes.readBigUInt64BE(this.#advance(8));
  }

  i8(): number {
    return this.bytes.readInt8(this.#advance(1));
  }

  i16(): number {
    return this.bytes.readInt16BE(this.#advance(2));
  }

  /** Signed 24 bits, as in the composition offset of an FLV video tag. */
  i24(): number {
    return this.bytes.readIntBE(this.#advance(3), 3);
  }

  i32(): number {
    return this.bytes.readInt32BE(this.#advance(4));
  }

  f64(): number {
    return this.bytes.readDoubleBE(this.#advance(8));
  }

  /** A view of the next `count` bytes; it shares memory with the input. */
  take(count: number): Buffer {
    const at = this.#advance(count);
    return this.bytes.subarray(at, at + count);
  }

  /** A view of everything that is left. */
  rest(): Buffer {
    return this.take(this.remaining);
  }

  /** The next `count` bytes as UTF-8 text; invalid sequences become U+FFFD. */
  utf8(count: number): string {
    const at = this.#advance(count);
    return this.bytes.toString('utf8', at, at + count);
  }

  /** The next `count` bytes as one character per byte. */
  latin1(count: number): string {
    const at = this.#advance(count);
    return this.bytes.toString('latin1', at, at + count);
  }

  skip(count: number): void {
    this.#advance(count);
  }

  /** A reader confined to the next `count` bytes, which this reader leaves behind. */
  sub(count: number, place: string = this.place): ByteReader {
    const at = this.#advance(count);
    return new ByteReader(this.bytes, place, at, at + count);
  }
}
