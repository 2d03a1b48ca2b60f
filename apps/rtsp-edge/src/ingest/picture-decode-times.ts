// When pictures are decoded, from when they are shown: RTP says only that (RFC 6184 section 5.1), and sends them in the order of decoding.

/** Of a stream whose parameter sets do not say how many pictures there are a second. 40 ms. */
const ASSUMED_STEP_90K = 3_600;
/** Times further apart than this are not of one run of pictures. 10 s. */
const MAX_STEP_90K = 900_000;
/** ITU-T H.264 and H.265: no level reorders more. */
const MAX_REORDER = 16;

/**
 * With pictures reordered by at most `depth`, the decode time of each is the display time of the picture `depth` places before it in
 * display order: the smallest of the `depth + 1` latest ones. The first pictures are decoded before any is shown.
 */
export class PictureDecodeTimes {
  #depth = 0;
  #step90k = ASSUMED_STEP_90K;
  /** The latest display times, ascending: `depth + 1` at most. */
  #latest: number[] = [];
  #last90k = -Infinity;

  /** @param depth how many pictures may come before a picture in decoding order and after it in display order; 0 when it is not known */
  configure(depth: number, framesPerSecond: number | undefined): void {
    this.#depth = Math.min(depth, MAX_REORDER);
    const step90k = framesPerSecond === undefined ? ASSUMED_STEP_90K : Math.round(90_000 / framesPerSecond);
    this.#step90k = step90k > 0 && step90k < MAX_STEP_90K ? step90k : ASSUMED_STEP_90K;
    this.#latest = this.#latest.slice(-this.#depth - 1);
  }

  /** Pictures are missing, or the encoder has begun anew. */
  restart(): void {
    this.#latest = [];
    this.#last90k = -Infinity;
  }

  /** @param shown90k when a picture is shown. @returns when it is decoded: later than the one before */
  next(shown90k: number): number {
    const newest = this.#latest.at(-1);
    if (newest !== undefined && Math.abs(shown90k - newest) > MAX_STEP_90K) this.restart();
    // The parameter sets did not tell of it: from now on it is known.
    if (shown90k <= this.#last90k && this.#depth < MAX_REORDER) this.#depth++;
    this.#insert(shown90k);
    const missing = this.#depth + 1 - this.#latest.length;
    const decoded90k = this.#latest[0]! - missing * this.#step90k;
    this.#last90k = Math.max(decoded90k, this.#last90k + 1);
    return this.#last90k;
  }

  #insert(shown90k: number): void {
    let at = this.#latest.length;
    while (at > 0 && this.#latest[at - 1]! > shown90k) at--;
    this.#latest.splice(at, 0, shown90k);
    if (this.#latest.length > this.#depth + 1) this.#latest.shift();
  }
}
