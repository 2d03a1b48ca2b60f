// The newest frames of a stream, in order: what the memory adapter gives to subscribers and what publishers send again.
import { comparePositions, frameCost } from '@millrace/domain';
import type { Frame, FramePosition } from '@millrace/domain';

/** The array is compacted when this many places in front are empty and they are more than half of it. */
const COMPACT_AT = 256;

/**
 * A queue of frames with strictly growing positions. Each frame has an index that stays the same while others leave in
 * front: the first frame ever has 0.
 */
export class FrameLog {
  #frames: (Frame | undefined)[] = [];
  /** How many places in front of the array are empty. */
  #gone = 0;
  #first = 0;
  #bytes = 0;

  /** Index of the oldest frame; equal to `end` when there is none. */
  get first(): number {
    return this.#first;
  }

  /** One more than the index of the newest frame. */
  get end(): number {
    return this.#first + this.#frames.length - this.#gone;
  }

  /** What the frames cost together. */
  get bytes(): number {
    return this.#bytes;
  }

  push(frame: Frame): void {
    this.#frames.push(frame);
    this.#bytes += frameCost(frame);
  }

  /** The frame with this index, which must be from `first` to below `end`. */
  at(index: number): Frame {
    const frame = this.#frames[index - this.#first + this.#gone];
    if (frame === undefined) throw new RangeError(`no frame with index ${index}`);
    return frame;
  }

  /** Drops the oldest frame and returns what it cost; 0 when there is none. */
  dropFirst(): number {
    const frame = this.#frames[this.#gone];
    if (frame === undefined) return 0;
    this.#frames[this.#gone++] = undefined;
    this.#first++;
    const cost = frameCost(frame);
    this.#bytes -= cost;
    if (this.#gone >= COMPACT_AT && this.#gone * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#gone);
      this.#gone = 0;
    }
    return cost;
  }

  /** Index of the first frame at or after a position; `end` when all are before it. */
  indexOf(position: FramePosition): number {
    let low = this.first;
    let high = this.end;
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      if (comparePositions(this.at(middle), position) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
