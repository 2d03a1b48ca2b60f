// Memory for outgoing messages: cut off one large block after another instead of allocated one by one.

const SLAB_BYTES = 256 * 1024;

/**
 * Memory is never given out twice: the client library holds a message until it has been written, and only it knows when.
 * A block is freed when the last message in it is.
 */
export class MessageSlab {
  #block = Buffer.alloc(0);
  #used = 0;

  /** Memory for a message of this many bytes, with undefined content. */
  take(bytes: number): Uint8Array {
    if (bytes > SLAB_BYTES / 2) return Buffer.allocUnsafeSlow(bytes);
    if (this.#used + bytes > this.#block.byteLength) {
      this.#block = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += bytes;
    return this.#block.subarray(start, this.#used);
  }
}
