// RTMP 1.0 section 3: "timestamps are 32 bits long, they roll over every 49 days, 17 hours, 2 minutes and 47.296 seconds".

/**
 * Turns the 32-bit millisecond timestamps of a connection into one timeline that does not wrap. Each timestamp is taken for
 * the one nearest to that before it, as the specification's serial number arithmetic has it: so a timeline may also go back,
 * by up to 2^31 ms, and it is for the caller to say what a jump means.
 */
export class TimestampUnwrapper {
  #last: number | undefined = undefined;
  #unwrapped = 0;

  /**
   * @param timestamp unsigned 32 bits. The first one is the first of the timeline as it is.
   * @returns milliseconds; a safe integer, negative when the sender went back to before zero.
   */
  unwrap(timestamp: number): number {
    // The difference modulo 2^32, from -2^31 to 2^31 - 1.
    this.#unwrapped += this.#last === undefined ? timestamp : (timestamp - this.#last) | 0;
    this.#last = timestamp;
    return this.#unwrapped;
  }
}
