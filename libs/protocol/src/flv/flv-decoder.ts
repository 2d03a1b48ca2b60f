// Adobe Flash Video File Format 10.1, annex E.3: the FLV file body, in pieces of any size.
import { ProtocolError } from '../bytes/index.ts';
import type { FlvHeader } from './flv-header.ts';
import { decodeFlvHeader, FLV_HEADER_BYTES } from './flv-header.ts';
import type { FlvTag } from './flv-tag.ts';
import { FLV_TAG_HEADER_BYTES, FLV_TAG_TRAILER_BYTES, FlvTagType, MAX_FLV_TAG_DATA_BYTES } from './flv-tag.ts';

const PLACE = 'flv/tag';
/** Filter bit: the tag is encrypted. The two bits above it are reserved. */
const FILTER = 0x20;

/** An element that was cut starts with this much room and doubles: a length field alone does not allocate 16 MiB. */
const FIRST_ROOM = 4096;

/**
 * Takes an FLV stream in pieces and gives its tags. A tag that lay within one piece is a view of it; one that was cut
 * is gathered in a buffer of its own. What it keeps is bounded by `maxDataBytes`. The previous-tag-size fields are not
 * compared: writers that get them wrong are common and nothing depends on them.
 */
export class FlvDecoder {
  readonly #maxDataBytes: number;
  /** The beginning of the next element, when a piece ended within it. */
  #partial: Buffer = Buffer.alloc(0);
  #partialBytes = 0;
  /** Bytes of the next element. */
  #wanted = FLV_HEADER_BYTES;
  #step: 'header' | 'skip' | 'tag-header' | 'tag-data' = 'header';
  #current: Omit<FlvTag, 'data'> | undefined;
  /** The file's header, once it has come. */
  header: FlvHeader | undefined;

  constructor(options: { readonly maxDataBytes?: number } = {}) {
    this.#maxDataBytes = options.maxDataBytes ?? MAX_FLV_TAG_DATA_BYTES;
  }

  /**
   * Takes the next piece and returns the tags that it completed, in order.
   * @throws ProtocolError when this is no FLV stream, or a tag is larger than allowed; the decoder is then done for
   */
  push(piece: Uint8Array): FlvTag[] {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const tags: FlvTag[] = [];
    let offset = 0;
    if (this.#partialBytes > 0) {
      offset = this.#keep(bytes, 0);
      if (this.#partialBytes < this.#wanted) return tags;
      const whole = this.#partial.subarray(0, this.#wanted);
      this.#partial = Buffer.alloc(0);
      this.#partialBytes = 0;
      this.#advance(whole, tags);
    }
    while (bytes.length - offset >= this.#wanted) {
      const end = offset + this.#wanted;
      this.#advance(bytes.subarray(offset, end), tags);
      offset = end;
    }
    this.#keep(bytes, offset);
    return tags;
  }

  /** Whether the stream is between two tags, so that nothing is lost when it ends here. */
  get atBoundary(): boolean {
    return this.header !== undefined && this.#step === 'tag-header' && this.#partialBytes === 0;
  }

  /** Adds to the partial element what it still needs from `bytes`; returns the offset behind that. */
  #keep(bytes: Buffer, offset: number): number {
    const end = Math.min(bytes.length, offset + this.#wanted - this.#partialBytes);
    const filled = this.#partialBytes + end - offset;
    if (filled > this.#partial.length) {
      const room = Math.min(this.#wanted, Math.max(filled, this.#partial.length * 2, FIRST_ROOM));
      const larger = Buffer.allocUnsafeSlow(room);
      this.#partial.copy(larger, 0, 0, this.#partialBytes);
      this.#partial = larger;
    }
    bytes.copy(this.#partial, this.#partialBytes, offset, end);
    this.#partialBytes = filled;
    return end;
  }

  #advance(bytes: Buffer, tags: FlvTag[]): void {
    switch (this.#step) {
      case 'header':
        this.header = decodeFlvHeader(bytes);
        return this.#expect('skip', this.header.dataOffset - FLV_HEADER_BYTES + FLV_TAG_TRAILER_BYTES);
      case 'skip':
        return this.#expect('tag-header', FLV_TAG_HEADER_BYTES);
      case 'tag-header':
        return this.#expect('tag-data', this.#readTagHeader(bytes) + FLV_TAG_TRAILER_BYTES);
      case 'tag-data':
        if (this.#current !== undefined) {
          tags.push({ ...this.#current, data: bytes.subarray(0, bytes.length - FLV_TAG_TRAILER_BYTES) });
        }
        return this.#expect('tag-header', FLV_TAG_HEADER_BYTES);
    }
  }

  #expect(step: 'skip' | 'tag-header' | 'tag-data', bytes: number): void {
    this.#step = step;
    this.#wanted = bytes;
  }

  #readTagHeader(bytes: Buffer): number {
    const first = bytes.readUInt8(0);
    if ((first & FILTER) !== 0) throw new ProtocolError('flv.tag.encrypted', PLACE, 'encrypted tags are not supported');
    const type = tagTypeOf(first & 0x1f);
    const size = bytes.readUIntBE(1, 3);
    if (size > this.#maxDataBytes) {
      throw new ProtocolError('flv.tag.too-large', PLACE, `${size} bytes, at most ${this.#maxDataBytes}`);
    }
    this.#current = { type, timestampMs: bytes.readUIntBE(4, 3) + bytes.readUInt8(7) * 0x1000000 };
    return size;
  }
}

function tagTypeOf(value: number): FlvTagType {
  switch (value) {
    case FlvTagType.audio:
    case FlvTagType.video:
    case FlvTagType.script:
    case FlvTagType.scriptAmf3:
      return value;
    default:
      throw new ProtocolError('flv.tag.type', PLACE, `tag type ${value}`);
  }
}
