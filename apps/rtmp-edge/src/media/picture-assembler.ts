// One picture out of the messages that it came in: some encoders send each slice, or what goes before a picture, by itself.
import { PictureFlag } from '@millrace/media';
import type { VideoTag } from '@millrace/protocol/flv';
import { INTAKE_LIMITS } from './intake-limits.ts';
import type { PictureFrames } from './picture-frames.ts';

const PLACES_TO_START = PictureFlag.keyframe | PictureFlag.recoveryPoint;

/** What is there of a picture. */
interface Pending {
  readonly timestamp: number;
  /** Of its first slice, once that is there. */
  tag: VideoTag;
  flags: number;
  readonly parts: Buffer[];
  bytes: number;
}

/**
 * An ordinary stream has one message for each picture, which goes through at once. Whether a stream is ordinary is known when
 * a second message of the same time comes, or does not: so the first picture waits for the next message, and once a picture
 * came in parts, each one does.
 */
export class PictureAssembler {
  readonly #frames: PictureFrames;
  #pending: Pending | undefined;
  #comesInParts = false;
  /** Of the picture that was passed on last. */
  #lastTimestamp: number | undefined;

  constructor(frames: PictureFrames) {
    this.#frames = frames;
  }

  /** Whether something waits for the next message. */
  get isWaiting(): boolean {
    return this.#pending !== undefined;
  }

  /**
   * @param flags bits of `PictureFlag` of this message
   * @param beginsPicture whether its first slice is the first one of a picture
   */
  add(timestamp: number, tag: VideoTag, flags: number, beginsPicture: boolean, payload: Buffer): void {
    const hasSlice = (flags & PictureFlag.picture) !== 0;
    const pending = this.#pending;
    if (pending !== undefined) {
      const isNext = pending.timestamp !== timestamp || (hasSlice && beginsPicture && hasPicture(pending));
      if (!isNext && pending.bytes + payload.length <= INTAKE_LIMITS.maxAssembledBytes) {
        if (hasSlice) {
          this.#comesInParts = true;
          if (!hasPicture(pending)) pending.tag = tag;
        }
        pending.flags |= flags;
        pending.parts.push(payload);
        pending.bytes += payload.length;
        return;
      }
      this.flush();
    }
    if (hasSlice && !beginsPicture && timestamp === this.#lastTimestamp) {
      // The rest of a picture that was passed on already: it is no place to start.
      this.#comesInParts = true;
      this.#frames.picture(timestamp, tag, (flags & ~PLACES_TO_START) | PictureFlag.predicted, payload);
    } else if (!hasSlice || this.#comesInParts || this.#lastTimestamp === undefined) {
      this.#pending = { timestamp, tag, flags, parts: [payload], bytes: payload.length };
    } else {
      this.#pass(timestamp, tag, flags, payload);
    }
  }

  /** The other track has come to this time. */
  timePassed(timestamp: number): void {
    // Serial number arithmetic (RTMP 1.0 section 5.3.1): a difference that is negative has bit 31 set.
    const passedMs = (timestamp - (this.#pending?.timestamp ?? timestamp)) | 0;
    if (passedMs > INTAKE_LIMITS.longestWaitMs) this.flush();
  }

  /** Passes on what waits. */
  flush(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const { timestamp, tag, flags, parts } = pending;
    if (!hasPicture(pending)) for (let i = 0; i < parts.length; i++) this.#frames.empty();
    else this.#pass(timestamp, tag, flags, parts.length === 1 ? parts[0]! : Buffer.concat(parts));
  }

  #pass(timestamp: number, tag: VideoTag, flags: number, payload: Buffer): void {
    this.#lastTimestamp = timestamp;
    this.#frames.picture(timestamp, tag, flags, payload);
  }
}

const hasPicture = (pending: Pending): boolean => (pending.flags & PictureFlag.picture) !== 0;
