// Memory for outgoing messages: cut off one large block after another, and used again when the server has read it.

const BLOCK_BYTES = 256 * 1024;
/** More unused blocks than this are left to the garbage collector. */
const MAX_SPARE = 16;

/**
 * The client library holds a message until it has been written, and only an answer of the server shows that it was. So
 * memory is used again only when the counter of such answers releases it.
 */
export class OutgoingSlab {
  #block: Buffer = Buffer.alloc(0);
  #used = 0;
  #spare: Buffer[] = [];
  #full: Buffer[] = [];

  /** Memory for a message of this many bytes, with undefined content. */
  take(bytes: number): Buffer {
    if (bytes > BLOCK_BYTES / 2) return Buffer.allocUnsafeSlow(bytes);
    if (this.#used + bytes > this.#block.byteLength) {
      if (this.#used > 0) this.#full.push(this.#block);
      this.#block = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += bytes;
    return this.#block.subarray(start, this.#used);
  }

  /** The blocks that were used up since this was last asked: to be given back, or to be forgotten. */
  takeFull(): Buffer[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** These blocks may be written again: everything that was in them has been read by the server. */
  release(blocks: readonly Buffer[]): void {
    for (const block of blocks) if (this.#spare.length < MAX_SPARE) this.#spare.push(block);
  }
}
