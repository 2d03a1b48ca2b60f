// RFC 9628 section 4: VP9 frames without layers, in flexible mode off and with a picture id of 15 bits.
import type { PutPayload } from './put-payload.ts';

/** Section 4.2: the first byte of the payload descriptor. */
const HAS_PICTURE_ID = 0x80;
const IS_PREDICTED = 0x40;
const BEGINS_FRAME = 0x08;
const ENDS_FRAME = 0x04;
/** The picture id has 15 bits rather than 7. */
const LONG_PICTURE_ID = 0x80;
const DESCRIPTOR_BYTES = 3;

/** Cuts a frame, or a superframe, into payloads of at most `maxBytes`. @param pictureId counts pictures; 15 bits of it are written */
export function packVp9Frame(
  frame: Uint8Array,
  pictureId: number,
  isKeyframe: boolean,
  maxBytes: number,
  put: PutPayload,
): void {
  const room = maxBytes - DESCRIPTOR_BYTES;
  for (let at = 0; at < frame.length; at += room) {
    const flags =
      HAS_PICTURE_ID |
      (isKeyframe ? 0 : IS_PREDICTED) |
      (at === 0 ? BEGINS_FRAME : 0) |
      (at + room >= frame.length ? ENDS_FRAME : 0);
    const head = Buffer.of(flags, LONG_PICTURE_ID | ((pictureId >> 8) & 0x7f), pictureId & 0xff);
    put(head, frame.subarray(at, at + room));
  }
}
