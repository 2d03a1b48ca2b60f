// Reads the frames of one message, one after another, without copying: payloads are views into the message.
import type { Frame } from '@millrace/domain';
import { FrameCodecError } from './frame-codec-error.ts';
import {
  FRAME_HEADER_BYTES,
  FRAME_HEADER_VERSION,
  LONG_HEADER_BYTES,
  LONG_HEADER_VERSION,
  readI32,
  readI64,
  readU16,
  readU32,
  readU64,
} from './frame-header.ts';

/**
 * A cursor over a message. `next` moves it and checks the header; position and parts can then be looked at without making
 * a frame, so that a repeat costs next to nothing. Kinds and codecs are passed through: the consumer knows which it takes.
 */
export class FrameReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #payloadAt = 0;
  #end = 0;

  epoch = 0;
  sequence = 0;
  /** From 0; below `partCount`. */
  partIndex = 0;
  /** 1 when the payload is whole. */
  partCount = 1;

  constructor(message: Uint8Array) {
    this.#bytes = message;
  }

  /**
   * Moves to the next frame; false after the last one.
   * @throws FrameCodecError when what follows is not a whole, well-formed frame
   */
  next(): boolean {
    const bytes = this.#bytes;
    const at = this.#end;
    if (at === bytes.length) return false;
    if (bytes.length - at < FRAME_HEADER_BYTES)
      throw new FrameCodecError('ended-early', 'frame/header', `${bytes.length - at} bytes left`);
    const payloadAt = at + (bytes[at] === FRAME_HEADER_VERSION ? FRAME_HEADER_BYTES : longHeaderBytes(bytes, at));
    const payloadBytes = readU32(bytes, at + 4);
    if (payloadBytes > bytes.length - payloadAt)
      throw new FrameCodecError('ended-early', 'frame/payload', `${payloadBytes} bytes announced`);
    this.epoch = readU64(bytes, at + 8, 'epoch');
    this.sequence = readU64(bytes, at + 16, 'sequence');
    if (this.sequence === 0) throw new FrameCodecError('out-of-range', 'frame/header/sequence', 'sequences begin at 1');
    this.partIndex = readU16(bytes, at + 36);
    this.partCount = readU16(bytes, at + 38);
    if (this.partIndex >= this.partCount)
      throw new FrameCodecError('bad-parts', 'frame/header/part', `part ${this.partIndex} of ${this.partCount}`);
    this.#at = at;
    this.#payloadAt = payloadAt;
    this.#end = payloadAt + payloadBytes;
    return true;
  }

  /** Bits of `FrameFlag` of the current frame. */
  get flags(): number {
    return this.#bytes[this.#at + 3]!;
  }

  /** The payload of the current frame or part: a view into the message. */
  payload(): Uint8Array {
    return this.#bytes.subarray(this.#payloadAt, this.#end);
  }

  /** The current frame. @param payload its whole payload, which is the message's own but for frames that came in parts */
  frame(payload: Uint8Array): Frame {
    const bytes = this.#bytes;
    const at = this.#at;
    const frame = {
      kind: bytes[at + 1]!,
      codec: bytes[at + 2]!,
      flags: bytes[at + 3]!,
      epoch: this.epoch,
      sequence: this.sequence,
      dts90k: readI64(bytes, at + 24, 'dts'),
      compositionOffset90k: readI32(bytes, at + 32),
      payload,
    };
    if (bytes[at] === FRAME_HEADER_VERSION) return frame;
    const encoderTimeMs = readU64(bytes, at + 44, 'encoder-time');
    return { ...frame, track: readU16(bytes, at + 42), encoderTimeMs: encoderTimeMs === 0 ? undefined : encoderTimeMs };
  }
}

/** Bytes of a header that says itself how long it is. */
function longHeaderBytes(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== LONG_HEADER_VERSION)
    throw new FrameCodecError('unknown-version', 'frame/header/version', `version ${bytes[at]}`);
  if (bytes.length - at < LONG_HEADER_BYTES)
    throw new FrameCodecError('ended-early', 'frame/header', `${bytes.length - at} bytes left`);
  const headerBytes = readU16(bytes, at + 40);
  if (headerBytes < LONG_HEADER_BYTES)
    throw new FrameCodecError('out-of-range', 'frame/header/length', `${headerBytes} of ${LONG_HEADER_BYTES} bytes`);
  if (headerBytes > bytes.length - at)
    throw new FrameCodecError('ended-early', 'frame/header', `${headerBytes} bytes announced`);
  return headerBytes;
}
