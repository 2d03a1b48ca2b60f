// Writes frames into messages: many small ones into one, a large one into several.
import type { Frame } from '@millrace/domain';
import { FrameCodecError } from './frame-codec-error.ts';
import { frameHeaderBytes, MAX_PARTS, writeFrameHeader } from './frame-header.ts';

/** Bytes that a whole frame takes in a message. */
export const wireBytes = (frame: Frame): number => frameHeaderBytes(frame) + frame.payload.byteLength;

/** Writes a whole frame at an offset, which must leave room for `wireBytes(frame)`. Returns the offset after it. */
export function writeFrame(out: Uint8Array, at: number, frame: Frame): number {
  const start = writeFrameHeader(out, at, frame, frame.payload.byteLength, 0, 1);
  out.set(frame.payload, start);
  return start + frame.payload.byteLength;
}

/**
 * The messages of a frame that is too large for one: one part each, in order.
 *
 * @param maxMessageBytes the most that one message may hold, header included
 * @throws FrameCodecError when that would take more parts than the format can count
 */
export function* writeFrameParts(frame: Frame, maxMessageBytes: number): Generator<Uint8Array> {
  const headerBytes = frameHeaderBytes(frame);
  const partBytes = maxMessageBytes - headerBytes;
  const count = partBytes < 1 ? Infinity : Math.max(1, Math.ceil(frame.payload.byteLength / partBytes));
  if (count > MAX_PARTS)
    throw new FrameCodecError('bad-parts', 'frame/parts', `${frame.payload.byteLength} bytes by ${partBytes}`);
  for (let index = 0; index < count; index++) {
    const part = frame.payload.subarray(index * partBytes, (index + 1) * partBytes);
    const message = Buffer.allocUnsafe(headerBytes + part.byteLength);
    message.set(part, writeFrameHeader(message, 0, frame, part.byteLength, index, count));
    yield message;
  }
}
