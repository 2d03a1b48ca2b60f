// Memory for segments that is used again once nothing can read what was in it. Fresh memory is expensive: the kernel clears each page of
// it, and memory outside the heap starts collections.
import { onSharedBeat } from '@millrace/domain';
import type { Beat } from '@millrace/domain';

export interface SegmentPoolOptions {
  /** Most bytes that wait to be used again. Default 128 MiB. */
  readonly maxFreeBytes?: number;
  /** Memory that waited for this long at least, and at most twice as long, is let go, in milliseconds. Default 10,000. */
  readonly idleMs?: number;
}

export const SEGMENT_POOL_DEFAULTS = { maxFreeBytes: 128 * 1024 * 1024, idleMs: 10_000 } as const;

/** Less is not worth it. */
const SMALLEST_BYTES = 16 * 1024;
/** Sizes of blocks between two powers of two: a block is at most a quarter larger than what is asked for. */
const SIZES_PER_DOUBLING = 4;

/** Blocks of one size that wait. */
interface FreeBlocks {
  readonly blocks: ArrayBuffer[];
  /** The fewest that waited since the last beat: as many were not needed. */
  fewest: number;
}

/**
 * Blocks of memory with an owner each: the taker until a store adopts it, then that store. Only the owner gives a block back, and only
 * when nothing else has ever had its bytes. What has no owner any more is left to the collector, as any other memory is: a block that a
 * reader has had, or that was committed twice.
 *
 * A block that is given back moves to another `ArrayBuffer`: a view that was forgotten is empty from then on, rather than showing what is
 * written next.
 */
export class SegmentPool {
  readonly #maxFreeBytes: number;
  readonly #idleMs: number;
  readonly #owners = new WeakMap<ArrayBufferLike, 'taker' | 'store'>();
  readonly #free = new Map<number, FreeBlocks>();
  #freeBytes = 0;
  #beat: Beat | undefined;

  constructor(options: SegmentPoolOptions = {}) {
    this.#maxFreeBytes = options.maxFreeBytes ?? SEGMENT_POOL_DEFAULTS.maxFreeBytes;
    this.#idleMs = options.idleMs ?? SEGMENT_POOL_DEFAULTS.idleMs;
  }

  /** Bytes that wait to be used again. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** Memory of exactly this size, with anything in it. */
  take(size: number): Buffer<ArrayBuffer> {
    if (size < SMALLEST_BYTES || this.#maxFreeBytes === 0) return Buffer.allocUnsafeSlow(size);
    const blockBytes = blockBytesFor(size);
    // Segments of one stream differ a little.
    const block =
      this.#takeFree(blockBytes) ??
      this.#takeFree(blockBytesFor(blockBytes + 1)) ??
      Buffer.allocUnsafeSlow(blockBytes).buffer;
    this.#owners.set(block, 'taker');
    return Buffer.from(block, 0, size);
  }

  /** Given back by its taker, who alone has had it; without effect when a store has adopted it, and for other memory. */
  release({ buffer }: Uint8Array): void {
    if (this.#owners.get(buffer) === 'taker') this.#giveBack(buffer);
  }

  /** A store keeps these bytes. What is adopted a second time has no owner any more. */
  adopt({ buffer }: Uint8Array): void {
    const owner = this.#owners.get(buffer);
    if (owner === 'taker') this.#owners.set(buffer, 'store');
    else if (owner === 'store') this.#owners.delete(buffer);
  }

  /** Given back by the store that has adopted it and has given it to no reader; without effect for other memory. */
  reclaim({ buffer }: Uint8Array): void {
    if (this.#owners.get(buffer) === 'store') this.#giveBack(buffer);
  }

  /** Lets go of all that waits. */
  clear(): void {
    this.#beat?.stop();
    this.#beat = undefined;
    for (const { blocks } of this.#free.values()) while (blocks.length > 0) this.#letGo(blocks);
    this.#free.clear();
  }

  #takeFree(blockBytes: number): ArrayBuffer | undefined {
    const free = this.#free.get(blockBytes);
    const block = free?.blocks.pop();
    if (free === undefined || block === undefined) return undefined;
    free.fewest = Math.min(free.fewest, free.blocks.length);
    this.#freeBytes -= blockBytes;
    return block;
  }

  #giveBack(buffer: ArrayBufferLike): void {
    this.#owners.delete(buffer);
    // What is taken is never shared between threads.
    const given = buffer as ArrayBuffer;
    const { byteLength } = given;
    if (this.#freeBytes + byteLength > this.#maxFreeBytes) {
      // At once: the collector does not hurry.
      given.transfer(0);
      return;
    }
    const block = given.transfer();
    let free = this.#free.get(byteLength);
    if (free === undefined) this.#free.set(byteLength, (free = { blocks: [], fewest: 0 }));
    free.blocks.push(block);
    this.#freeBytes += byteLength;
    this.#beat ??= onSharedBeat(this.#idleMs, () => this.#trim());
  }

  /** Lets go of what was not needed since the last time, the longest unused first. */
  #trim(): void {
    for (const [blockBytes, free] of this.#free) {
      const kept = free.blocks.splice(free.fewest);
      while (free.blocks.length > 0) this.#letGo(free.blocks);
      free.blocks.push(...kept);
      free.fewest = kept.length;
      if (kept.length === 0) this.#free.delete(blockBytes);
    }
    if (this.#free.size > 0) return;
    this.#beat?.stop();
    this.#beat = undefined;
  }

  #letGo(blocks: ArrayBuffer[]): void {
    const block = blocks.pop();
    if (block === undefined) return;
    this.#freeBytes -= block.byteLength;
    block.transfer(0);
  }
}

/** The size of the block that so many bytes are put in. */
function blockBytesFor(size: number): number {
  const step = 2 ** Math.floor(Math.log2(size - 1)) / SIZES_PER_DOUBLING;
  return Math.ceil(size / step) * step;
}
