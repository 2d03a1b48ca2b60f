// RFC 2250 section 3.5: MPEG audio, here MP3, behind a header that says where in its frame a fragment begins.
import type { PutPayload } from './put-payload.ts';

const HEADER_BYTES = 4;

export function packMpegAudioFrame(frame: Uint8Array, maxBytes: number, put: PutPayload): void {
  const room = maxBytes - HEADER_BYTES;
  for (let at = 0; at < frame.length; at += room)
    put(Buffer.of(0, 0, at >> 8, at & 0xff), frame.subarray(at, at + room));
}
