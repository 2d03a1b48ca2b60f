// RFC 4184 section 4.1 (AC-3) and RFC 4598 section 4.1 (Enhanced AC-3): one frame, or a fragment of one, in each packet.
import type { PutPayload } from './put-payload.ts';

const HEADER_BYTES = 2;

/** RFC 4184: the type of a frame. An initial fragment with five eighths of its frame can be decoded in part. */
const Ac3FrameType = { complete: 0, initialFiveEighths: 1, initial: 2, other: 3 } as const;
const FIVE_EIGHTHS = 5 / 8;
/** RFC 4598: the packet has a fragment. */
const EAC3_FRAGMENT = 1;

/** Cuts a syncframe of AC-3 into payloads of at most `maxBytes`. */
export function packAc3Frame(frame: Uint8Array, maxBytes: number, put: PutPayload): void {
  const room = maxBytes - HEADER_BYTES;
  const initial = room >= frame.length * FIVE_EIGHTHS ? Ac3FrameType.initialFiveEighths : Ac3FrameType.initial;
  packWith(frame, room, put, (isFirst, isWhole) =>
    isWhole ? Ac3FrameType.complete : isFirst ? initial : Ac3FrameType.other,
  );
}

/** Cuts the syncframes of one access unit of Enhanced AC-3 into payloads of at most `maxBytes`. */
export function packEac3AccessUnit(accessUnit: Uint8Array, maxBytes: number, put: PutPayload): void {
  packWith(accessUnit, maxBytes - HEADER_BYTES, put, (_isFirst, isWhole) => (isWhole ? 0 : EAC3_FRAGMENT));
}

/** Both formats have a byte that says what is in the packet, and one with the number of frames in it, or of fragments in all. */
function packWith(
  frame: Uint8Array,
  room: number,
  put: PutPayload,
  typeOf: (isFirst: boolean, isWhole: boolean) => number,
): void {
  const fragments = Math.ceil(frame.length / room);
  for (let at = 0; at < frame.length; at += room)
    put(Buffer.of(typeOf(at === 0, fragments === 1), fragments), frame.subarray(at, at + room));
}
