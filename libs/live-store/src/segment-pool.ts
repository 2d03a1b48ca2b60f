// Memory for segments that is used again once nothing can read what was in it. Fresh memory is expensive: the kernel clears each page of
// it, and memory outside the heap starts collections.
import { onSharedBeat } from '@millrace/domain';
import type { Beat } from '@millrace/domain';

export interface SegmentPoolOptions {
  /** Most bytes that wait to be used again. Default 128 MiB. */
  readonly maxFreeBytes?: number;
  /** Memory that waited for this long at least, and at most twice as long, is let go, in milliseconds. Default 10,000. */
  readonly idleMs?: number;
  /**
   * Whether memory that is given back moves to another `ArrayBuffer`, so that a view that was forgotten is empty from then on. For tests: in
   * a process that has moved one, loops over typed arrays are several times slower.
   */
  readonly detaches?: boolean;
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
 * What is owned is the very `Buffer` that was taken. Once it was given back it has no owner, so nothing can give its block back again, also
 * when that was taken since.
 */
export class SegmentPool {
  readonly #maxFreeBytes: number;
  readonly #idleMs: number;
  readonly #detaches: boolean;
  readonly #owners = new WeakMap<Uint8Array, 'taker' | 'store'>();
  readonly #free = new Map<number, FreeBlocks>();
  #freeBytes = 0;
  #beat: Beat | undefined;

  constructor(options: SegmentPoolOptions = {}) {
    this.#maxFreeBytes = options.maxFreeBytes ?? SEGMENT_POOL_DEFAULTS.maxFreeBytes;
    this.#idleMs = options.idleMs ?? SEGMENT_POOL_DEFAULTS.idleMs;
    this.#detaches = options.detaches ?? false;
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
    const taken = Buffer.from(block, 0, size);
    this.#owners.set(taken, 'taker');
    return taken;
  }

  /** Given back by its taker, who alone has had it; without effect when a store has adopted it, and for other memory. */
  release(bytes: Uint8Array): void {
    if (this.#owners.get(bytes) === 'taker') this.#giveBack(bytes);
  }

  /** A store keeps these bytes. What is adopted a second time has no owner any more. */
  adopt(bytes: Uint8Array): void {
    const owner = this.#owners.get(bytes);
    if (owner === 'taker') this.#owners.set(bytes, 'store');
    else if (owner === 'store') this.#owners.delete(bytes);
  }

  /** Given back by the store that has adopted it and has given it to no reader; without effect for other memory. */
  reclaim(bytes: Uint8Array): void {
    if (this.#owners.get(bytes) === 'store') this.#giveBack(bytes);
  }

  /** Lets go of all that waits. */
  clear(): void {
    this.#beat?.stop();
    this.#beat = undefined;
    this.#free.clear();
    this.#freeBytes = 0;
  }

  #takeFree(blockBytes: number): ArrayBuffer | undefined {
    const free = this.#free.get(blockBytes);
    const block = free?.blocks.pop();
    if (free === undefined || block === undefined) return undefined;
    free.fewest = Math.min(free.fewest, free.blocks.length);
    this.#freeBytes -= blockBytes;
    return block;
  }

  #giveBack(bytes: Uint8Array): void {
    this.#owners.delete(bytes);
    // What is taken is never shared between threads.
    const given = bytes.buffer as ArrayBuffer;
    const block = this.#detaches ? given.transfer() : given;
    const { byteLength } = block;
    if (this.#freeBytes + byteLength > this.#maxFreeBytes) return;
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
      this.#freeBytes -= free.blocks.length * blockBytes;
      free.blocks.splice(0, free.blocks.length, ...kept);
      free.fewest = kept.length;
      if (kept.length === 0) this.#free.delete(blockBytes);
    }
    if (this.#free.size > 0) return;
    this.#beat?.stop();
    this.#beat = undefined;
  }
}

/** The size of the block that so many bytes are put in. */
function blockBytesFor(size: number): number {
  const step = 2 ** Math.floor(Math.log2(size - 1)) / SIZES_PER_DOUBLING;
  return Math.ceil(size / step) * step;
}
