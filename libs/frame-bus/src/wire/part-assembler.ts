// Puts frames together that came in parts.
import type { Frame } from '@millrace/domain';
import { FrameCodecError } from './frame-codec-error.ts';
import type { FrameReader } from './frame-reader.ts';

/**
 * Collects the parts of one frame at a time, in order. A part that does not follow the one before forgets what was
 * collected: the frame is then missing, which its number shows as soon as the next frame comes.
 */
export class PartAssembler {
  readonly #maxFrameBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #epoch = 0;
  #sequence = 0;
  #count = 0;

  /** @param maxFrameBytes the most that is collected for one frame */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /**
   * Takes the part at the reader's position. Holds a view of it until the frame is complete.
   * @returns the frame with its last part, undefined before
   * @throws FrameCodecError when the parts exceed the limit
   */
  push(reader: FrameReader): Frame | undefined {
    if (reader.partIndex === 0) this.#begin(reader);
    else if (!this.#continues(reader)) {
      this.reset();
      return undefined;
    }
    const part = reader.payload();
    this.#bytes += part.byteLength;
    if (this.#bytes > this.#maxFrameBytes) {
      this.reset();
      throw new FrameCodecError('too-large', 'frame/parts', `more than ${this.#maxFrameBytes} bytes`);
    }
    this.#parts.push(part);
    if (this.#parts.length < this.#count) return undefined;
    const frame = reader.frame(Buffer.concat(this.#parts, this.#bytes));
    this.reset();
    return frame;
  }

  /** Forgets a frame that is not complete. */
  reset(): void {
    this.#parts = [];
    this.#bytes = 0;
    this.#count = 0;
  }

  #begin(reader: FrameReader): void {
    this.reset();
    this.#epoch = reader.epoch;
    this.#sequence = reader.sequence;
    this.#count = reader.partCount;
  }

  #continues(reader: FrameReader): boolean {
    return (
      reader.epoch === this.#epoch &&
      reader.sequence === this.#sequence &&
      reader.partCount === this.#count &&
      reader.partIndex === this.#parts.length
    );
  }
}
