// Places frames by the times of RTMP messages, which are milliseconds in 32 bits (RTMP 1.0 section 3).
import type { MediaTimeline, TrackName } from '@millrace/ingest';
import { TimestampUnwrapper } from '@millrace/protocol/rtmp';

export class MessageTimeline {
  readonly #timeline: MediaTimeline;
  readonly #unwrapper = new TimestampUnwrapper();
  /** Of the frame that was placed last, as the encoder said, and unwrapped. */
  #timestamp = 0;
  #unwrappedMs = 0;

  constructor(timeline: MediaTimeline) {
    this.#timeline = timeline;
  }

  /** How much later than the encoder said the frame that was placed last is decoded, in 90 kHz ticks. */
  get delayed90k(): number {
    return this.#timeline.delayed90k;
  }

  /**
   * Places a coded frame.
   *
   * @param timestamp of the message, unsigned 32 bits
   * @param nanoOffset nanoseconds that the message adds to it
   * @param number of the track among those of its kind
   * @returns its decode time in 90 kHz ticks
   */
  place(track: TrackName, timestamp: number, nanoOffset: number, number = 0): number {
    this.#timestamp = timestamp;
    this.#unwrappedMs = this.#unwrapper.unwrap(timestamp);
    return this.#timeline.place(track, this.#unwrappedMs, nanoOffset, number);
  }

  /** What a time of 32 bits is beside that of the frame that was placed last; it does not count as one that came. */
  nearest(timestamp: number): number {
    return this.#unwrappedMs + ((timestamp - this.#timestamp) | 0);
  }
}
