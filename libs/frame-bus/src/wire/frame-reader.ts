// Reads the frames of one message, one after another, without copying: payloads are views into the message.
import { Codec, FrameKind, type Frame } from '@millrace/domain';
import { FrameCodecError } from './frame-codec-error.ts';
import {
  FRAME_HEADER_BYTES,
  FRAME_HEADER_VERSION,
  readI32,
  readI64,
  readU16,
  readU32,
  readU64,
} from './frame-header.ts';

const LAST_KIND = FrameKind.end;
const LAST_CODEC = Codec.mp3;

/**
 * A cursor over a message. `next` moves it and checks the header; position and parts can then be looked at without making
 * a frame, so that a repeat costs next to nothing.
 */
export class FrameReader {
  readonly #bytes: Uint8Array;
  #at = 0;
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
   * @throws FrameCodecError when what stands there is not a whole, well-formed frame
   */
  next(): boolean {
    const bytes = this.#bytes;
    const at = this.#end;
    if (at === bytes.length) return false;
    if (bytes.length - at < FRAME_HEADER_BYTES)
      throw new FrameCodecError('ended-early', 'frame/header', `${bytes.length - at} bytes left`);
    if (bytes[at] !== FRAME_HEADER_VERSION)
      throw new FrameCodecError('unknown-version', 'frame/header/version', `version ${bytes[at]}`);
    checkRange('kind', bytes[at + 1]!, 1, LAST_KIND);
    checkRange('codec', bytes[at + 2]!, 0, LAST_CODEC);
    const payloadBytes = readU32(bytes, at + 4);
    if (payloadBytes > bytes.length - at - FRAME_HEADER_BYTES)
      throw new FrameCodecError('ended-early', 'frame/payload', `${payloadBytes} bytes announced`);
    this.epoch = readU64(bytes, at + 8, 'epoch');
    this.sequence = readU64(bytes, at + 16, 'sequence');
    if (this.sequence === 0) throw new FrameCodecError('out-of-range', 'frame/header/sequence', 'sequences begin at 1');
    this.partIndex = readU16(bytes, at + 36);
    this.partCount = readU16(bytes, at + 38);
    if (this.partIndex >= this.partCount)
      throw new FrameCodecError('bad-parts', 'frame/header/part', `part ${this.partIndex} of ${this.partCount}`);
    this.#at = at;
    this.#end = at + FRAME_HEADER_BYTES + payloadBytes;
    return true;
  }

  /** Bits of `FrameFlag` of the current frame. */
  get flags(): number {
    return this.#bytes[this.#at + 3]!;
  }

  /** The payload of the current frame or part: a view into the message. */
  payload(): Uint8Array {
    return this.#bytes.subarray(this.#at + FRAME_HEADER_BYTES, this.#end);
  }

  /** The current frame. @param payload its whole payload, which is the message's own but for frames that came in parts */
  frame(payload: Uint8Array): Frame {
    const bytes = this.#bytes;
    const at = this.#at;
    return {
      kind: bytes[at + 1]! as FrameKind,
      codec: bytes[at + 2]! as Codec,
      flags: bytes[at + 3]!,
      epoch: this.epoch,
      sequence: this.sequence,
      dts90k: readI64(bytes, at + 24, 'dts'),
      compositionOffset90k: readI32(bytes, at + 32),
      payload,
    };
  }
}

function checkRange(field: string, value: number, low: number, high: number): void {
  if (value < low || value > high)
    throw new FrameCodecError('unknown-value', `frame/header/${field}`, `${value} has no meaning`);
}
