// Memory for the media of one publish, which is used again once all that was ever given it has let it go.

/** Slabs grow from the first to the usual size, so a publisher that sends little costs little. */
const FIRST_SLAB_BYTES = 4 * 1024;
const USUAL_SLAB_BYTES = 256 * 1024;
/** Slabs grow on up to this where messages are large: two of them fit. A larger message has a slab of its own. */
const LARGEST_SLAB_BYTES = 1024 * 1024;
/** Slabs for one message are a multiple of this, so that another one of about its size fits too. */
const SLAB_STEP_BYTES = 256 * 1024;
/** After so many slabs, those are dropped that were not needed meanwhile: the bit rate has fallen. */
const SLABS_BETWEEN_TRIMS = 16;
/** A slab of more messages, each of a few bytes, is left to the garbage collector: taking note of them would cost more than it. */
const MOST_MESSAGES = 8_192;

/** What has become of a message. Anything else than `freed` keeps its slab from being used again. */
const RESERVED = 0;
const KEPT = 1;
const FREED = 2;

interface Slab {
  buffer: Buffer;
  used: number;
  /** Where messages begin, in ascending order, and what has become of each. */
  readonly starts: number[];
  readonly fates: number[];
  freed: number;
  /** Whether a view of it may be anywhere: it is left to the garbage collector. */
  isShared: boolean;
}

let isFenced = false;

/**
 * Memory moves to another ArrayBuffer whenever it is used again, so that a view that was forgotten is empty rather than shows what was written
 * later. For tests: once a process has detached any buffer, compiled code checks each access to a typed array for that.
 */
export function fenceMediaMemory(fence: boolean): void {
  isFenced = fence;
}

/**
 * A slab is used again only when each message that was ever reserved in it became exactly one payload that was kept and then freed. Whatever
 * else happens to a message (it was dropped, copied, held, cut into several frames, kept twice, or has not come to its end) leaves its slab
 * to the garbage collector. One for each publish: memory never goes from one stream to another.
 */
export class MediaMemory {
  /** The memory of the last `reserve`, and where in it the reserved bytes begin. */
  memory: Buffer = NOTHING;
  offset = 0;
  /** Slabs that were allocated, and that were used again. */
  allocated = 0;
  recycled = 0;
  readonly #maxSpareBytes: number;
  /** Those that may be used again one day, by their memory. Weak: most that cannot are never heard of again. */
  #slabs = new WeakMap<ArrayBufferLike, Slab>();
  #current: Slab | undefined;
  #nextSize = FIRST_SLAB_BYTES;
  #spare: Slab[] = [];
  #spareBytes = 0;
  /** The fewest spare bytes since slabs were last dropped, and slabs taken since. */
  #leastSpareBytes = 0;
  #taken = 0;
  /** The slab that was looked up last: frames come and go in order. */
  #last: Slab | undefined;
  #isClosed = false;

  /** @param maxSpareBytes as many bytes are kept to be used again, at most */
  constructor(maxSpareBytes: number) {
    this.#maxSpareBytes = maxSpareBytes;
  }

  /** Bytes that are kept to be used again. */
  get spareBytes(): number {
    return this.#spareBytes;
  }

  /** Sets `memory` and `offset` to `size` bytes that no other caller has. Their content is undefined. */
  reserve(size: number): void {
    let slab = this.#current;
    if (slab === undefined || size > slab.buffer.length - slab.used) slab = this.#nextSlab(size);
    this.memory = slab.buffer;
    this.offset = slab.used;
    if (!slab.isShared) {
      slab.starts.push(slab.used);
      slab.fates.push(RESERVED);
      if (slab.starts.length > MOST_MESSAGES) this.#share(slab);
    }
    slab.used += size;
  }

  /** These bytes, of one message, were taken into a log that will tell when it has let them go. Payloads that lie elsewhere are ignored. */
  keep(payload: Uint8Array): void {
    const slab = this.#slabOf(payload);
    if (slab === undefined) return;
    const index = indexOf(slab, payload);
    if (index < 0 || slab.fates[index] !== RESERVED) this.#share(slab);
    else slab.fates[index] = KEPT;
  }

  /** What was kept is let go: nothing that was given these bytes will read them any more. */
  free(payload: Uint8Array): void {
    const slab = this.#slabOf(payload);
    if (slab === undefined) return;
    const index = indexOf(slab, payload);
    if (index < 0 || slab.fates[index] !== KEPT) return this.#share(slab);
    slab.fates[index] = FREED;
    slab.freed++;
    if (slab !== this.#current && slab.freed === slab.starts.length) this.#recycle(slab);
  }

  /** The publish is over: nothing is used again any more. */
  close(): void {
    this.#isClosed = true;
    this.#slabs = new WeakMap();
    this.#spare = [];
    this.#spareBytes = 0;
    this.#last = undefined;
  }

  #slabOf({ buffer }: Uint8Array): Slab | undefined {
    if (this.#last?.buffer.buffer === buffer) return this.#last;
    const slab = this.#slabs.get(buffer);
    if (slab !== undefined) this.#last = slab;
    return slab;
  }

  #share(slab: Slab): void {
    slab.isShared = true;
    slab.starts.length = 0;
    slab.fates.length = 0;
    this.#forget(slab);
  }

  #forget(slab: Slab): void {
    this.#slabs.delete(slab.buffer.buffer);
    if (this.#last === slab) this.#last = undefined;
  }

  #nextSlab(size: number): Slab {
    const full = this.#current;
    if (size > LARGEST_SLAB_BYTES / 2) return this.#take(Math.ceil(size / SLAB_STEP_BYTES) * SLAB_STEP_BYTES);
    while (size * 2 > this.#nextSize) this.#nextSize *= 2;
    const slab = (this.#current = this.#take(this.#nextSize));
    if (this.#nextSize < USUAL_SLAB_BYTES) this.#nextSize *= 2;
    if (full?.isShared === false && full.freed === full.starts.length) this.#recycle(full);
    return slab;
  }

  /** A slab of this size or more: a spare one where there is one. */
  #take(bytes: number): Slab {
    this.#trim();
    const index = this.#spare.findLastIndex(({ buffer }) => buffer.length >= bytes);
    const [spare] = index < 0 ? [] : this.#spare.splice(index, 1);
    const slab = spare ?? { buffer: NOTHING, used: 0, starts: [], fates: [], freed: 0, isShared: false };
    if (spare === undefined) {
      slab.buffer = Buffer.allocUnsafeSlow(bytes);
      this.allocated++;
    } else {
      this.#spareBytes -= slab.buffer.length;
      this.#leastSpareBytes = Math.min(this.#leastSpareBytes, this.#spareBytes);
      if (isFenced) slab.buffer = Buffer.from((slab.buffer.buffer as ArrayBuffer).transfer());
      this.recycled++;
    }
    if (!this.#isClosed) this.#slabs.set(slab.buffer.buffer, slab);
    return slab;
  }

  #recycle(slab: Slab): void {
    this.#forget(slab);
    const { length } = slab.buffer;
    if (this.#isClosed || length < Math.min(this.#nextSize, USUAL_SLAB_BYTES)) return;
    if (this.#spareBytes + length > this.#maxSpareBytes) return;
    slab.used = 0;
    slab.starts.length = 0;
    slab.fates.length = 0;
    slab.freed = 0;
    this.#spare.push(slab);
    this.#spareBytes += length;
  }

  #trim(): void {
    if (++this.#taken < SLABS_BETWEEN_TRIMS) return;
    this.#taken = 0;
    for (let idle = this.#leastSpareBytes; this.#spare.length > 0;) {
      const { length } = this.#spare[0]!.buffer;
      if (length > idle) break;
      idle -= length;
      this.#spareBytes -= length;
      this.#spare.shift();
    }
    this.#leastSpareBytes = this.#spareBytes;
  }
}

const NOTHING = Buffer.alloc(0);

/** Which message a payload is of; -1 where it is not within one. */
function indexOf({ buffer, starts, used }: Slab, payload: Uint8Array): number {
  const from = payload.byteOffset - buffer.byteOffset;
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= from) low = middle + 1;
    else high = middle;
  }
  const end = starts[low] ?? used;
  return payload.byteLength > 0 && from + payload.byteLength <= end ? low - 1 : -1;
}
