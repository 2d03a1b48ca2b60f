// draft-sharabayko-srt-01 section 3.1: packet sequence numbers of 31 bits, and timestamps of 32 bits.

const MODULUS = 0x8000_0000;
const MASK = 0x7fff_ffff;

/** The number `count` behind (or, negative, before) another. */
export const sequencePlus = (sequence: number, count: number): number => (sequence + count) & MASK;

/** How far `to` is behind `from`: at most half of all numbers, negative where it is before it. */
export function sequenceDistance(from: number, to: number): number {
  const distance = (to - from) & MASK;
  return distance >= MODULUS / 2 ? distance - MODULUS : distance;
}

/** Microseconds of one sender on a line that does not wrap, which a timestamp does after 71 minutes (section 4.5.1.1). */
export class SrtTimestampUnwrapper {
  #last: number;
  #unwrapped: number;

  /** @param first of the line, as it is */
  constructor(first: number) {
    this.#last = first;
    this.#unwrapped = first;
  }

  /** Each is taken for the one nearest to that before it. */
  unwrap(timestamp: number): number {
    this.#unwrapped += (timestamp - this.#last) | 0;
    this.#last = timestamp;
    return this.#unwrapped;
  }
}
