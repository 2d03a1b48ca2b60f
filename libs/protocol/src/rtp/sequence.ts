// RFC 3550 sections 5.1 and A.1: sequence numbers of 16 bits and timestamps of 32 bits, unwrapped.

/** "If the packets are separated by more than this, the source has restarted" (section A.1: MAX_DROPOUT, MAX_MISORDER). */
const MAX_DROPOUT = 3_000;

/** What a packet is beside those before it. */
export type SequenceVerdict = 'next' | 'gap' | 'late' | 'restarted';

/** Follows the packets of one source that keeps their order. */
export class SequenceCounter {
  /** Packets that have not come. */
  lost = 0;
  /** The newest number with the count of its wraps above, as receiver reports have it. */
  highest = 0;
  #last: number | undefined;

  /** @param sequence 16 bits */
  next(sequence: number): SequenceVerdict {
    const last = this.#last;
    if (last === undefined) {
      this.#last = this.highest = sequence;
      return 'next';
    }
    const step = (sequence - last) & 0xffff;
    if (step === 0 || step > 0xffff - MAX_DROPOUT) return 'late';
    this.#last = sequence;
    this.highest += step;
    if (step === 1) return 'next';
    if (step > MAX_DROPOUT) return 'restarted';
    this.lost += step - 1;
    return 'gap';
  }
}

/** Timestamps of one source on a line that does not wrap; each is taken for the one nearest to that before it. */
export class RtpTimestampUnwrapper {
  #last: number | undefined;
  #unwrapped = 0;

  /** @param timestamp 32 bits. The first one is the first of the line as it is */
  unwrap(timestamp: number): number {
    this.#unwrapped += this.#last === undefined ? timestamp : (timestamp - this.#last) | 0;
    this.#last = timestamp;
    return this.#unwrapped;
  }

  /** The place on the line of a timestamp that does not count as one that came; undefined before the first. */
  near(timestamp: number): number | undefined {
    return this.#last === undefined ? undefined : this.#unwrapped + ((timestamp - this.#last) | 0);
  }
}
