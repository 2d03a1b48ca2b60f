/** Slabs grow from the first to the last size, so a connection that says little costs little. */
const FIRST_SLAB_BYTES = 4 * 1024;
const LAST_SLAB_BYTES = 128 * 1024;
/** A message above this part of the slab gets memory of its own: so at most a quarter of a slab's end is left unused. */
const LARGEST_SHARE = 4;

/**
 * Memory for messages: small ones share a slab, large ones have memory of their own.
 *
 * Retention: a message keeps its whole slab alive, so a holder of one small message for long (a codec configuration, the
 * metadata) holds up to 128 KiB; copy such a message instead. Messages that are held and let go together, as the frames of a
 * segment are, waste nothing.
 */
export class IncomingSlab {
  #slab: Buffer = Buffer.alloc(0);
  #used = 0;
  #nextSize = FIRST_SLAB_BYTES;

  /** The memory of the last `reserve`, and where in it the reserved bytes begin. */
  memory: Buffer = this.#slab;
  offset = 0;

  /** Sets `memory` and `offset` to `size` bytes that no other caller will get. Their content is undefined. */
  reserve(size: number): void {
    if (size <= this.#slab.length - this.#used) {
      this.memory = this.#slab;
      this.offset = this.#used;
      this.#used += size;
      return;
    }
    this.offset = 0;
    if (size * LARGEST_SHARE > this.#nextSize) {
      this.memory = Buffer.allocUnsafeSlow(size);
      this.#nextSize = Math.min(this.#nextSize * 2, LAST_SLAB_BYTES);
      return;
    }
    this.#slab = this.memory = Buffer.allocUnsafeSlow(this.#nextSize);
    this.#used = size;
    this.#nextSize = Math.min(this.#nextSize * 2, LAST_SLAB_BYTES);
  }
}
