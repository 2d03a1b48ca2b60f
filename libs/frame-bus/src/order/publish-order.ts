// What a publisher may hand in next: the same rule in both adapters.
import type { Frame } from '@millrace/domain';
import { FrameBusError } from '../frame-bus.errors.ts';
import { assertEncodable } from '../wire/frame-header.ts';

/** Holds the frames of one epoch to their order. */
export class PublishOrder {
  readonly #epoch: number;
  readonly #maxFrameBytes: number;
  #last = 0;

  constructor(epoch: number, maxFrameBytes: number) {
    this.#epoch = epoch;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /**
   * @throws FrameBusError for a frame of another epoch, one that does not follow, or one above the limit
   * @throws FrameCodecError for one with a field that does not fit the wire
   */
  check(frame: Frame): void {
    if (frame.epoch !== this.#epoch)
      throw new FrameBusError('out-of-order', `a frame of epoch ${frame.epoch} in epoch ${this.#epoch}`);
    if (!(frame.sequence > this.#last))
      throw new FrameBusError('out-of-order', `frame ${frame.sequence} after frame ${this.#last}`);
    if (frame.payload.byteLength > this.#maxFrameBytes)
      throw new FrameBusError('frame-too-large', `${frame.payload.byteLength} of ${this.#maxFrameBytes} bytes`);
    assertEncodable(frame);
    this.#last = frame.sequence;
  }
}
