// RFC 2250 section 3.5: MPEG audio, here MP3, behind a header that says where in its frame a fragment begins.
import { ProtocolError } from '../bytes/index.ts';
import { decodeMp3FrameHeader } from '../mp3/index.ts';
import type { PutPayload } from './put-payload.ts';

const HEADER_BYTES = 4;

export function packMpegAudioFrame(frame: Uint8Array, maxBytes: number, put: PutPayload): void {
  const room = maxBytes - HEADER_BYTES;
  for (let at = 0; at < frame.length; at += room)
    put(Buffer.of(0, 0, at >> 8, at & 0xff), frame.subarray(at, at + room));
}

/** Frames out of packets: several in one, or one in several. */
export class MpegAudioPayloadReader {
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Of the frame that is put together. */
  #frameBytes = 0;

  /** @returns whole frames, as many as a packet had, or one: a view of the payload, or of memory of its own. @throws ProtocolError */
  push(payload: Buffer): Buffer[] {
    if (payload.length <= HEADER_BYTES) fail('no frame');
    const offset = payload.readUInt16BE(2);
    const data = payload.subarray(HEADER_BYTES);
    if (offset === 0) {
      this.drop();
      this.#frameBytes = decodeMp3FrameHeader(data).frameBytes;
      if (this.#frameBytes <= data.length) return [data];
    } else if (offset !== this.#bytes) fail('a fragment without the one before it');
    this.#parts.push(data);
    this.#bytes += data.length;
    if (this.#bytes < this.#frameBytes) return [];
    const frame = Buffer.concat(this.#parts);
    const isExact = frame.length === this.#frameBytes;
    this.drop();
    if (!isExact) fail('fragments that are more than the whole');
    return [frame];
  }

  /** Packets have been lost. */
  drop(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}

function fail(detail: string): never {
  throw new ProtocolError('rtp.mpeg-audio', 'rtp/mpeg-audio', detail);
}
