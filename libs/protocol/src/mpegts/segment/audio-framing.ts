// How audio access units stand in the elementary stream: AAC behind ADTS headers (ISO/IEC 14496-3 section 1.A.2), MP3 as it
// is.
import {
  aacFrameDuration90k,
  ADTS_HEADER_BYTES,
  adtsHeaderBytes,
  encodeAdtsPrefix,
  MAX_ADTS_FRAME_BYTES,
} from '../../aac/index.ts';
import { ProtocolError } from '../../bytes/index.ts';
import { decodeMp3FrameHeader, mp3FrameDuration90k } from '../../mp3/index.ts';
import type { AudioTrack } from './segment-options.ts';

export interface AudioFraming {
  /** Goes before each access unit, its frame length still to be set; empty for MP3. */
  readonly prefix: Buffer;
  /** Where the access unit begins in its payload: behind an ADTS header that an encoder should not have sent. */
  start(payload: Uint8Array): number;
  /** How long the access unit lasts in 90 kHz ticks, not rounded; undefined when it cannot be carried. */
  duration90k(payload: Uint8Array): number | undefined;
}

/**
 * The framing of a track.
 * @throws ProtocolError `aac.adts.not-expressible` for AAC that MPEG-TS cannot carry in ADTS
 */
export function audioFraming(track: AudioTrack): AudioFraming {
  if (track.codec === 'mp3') return { prefix: Buffer.alloc(0), start: () => 0, duration90k: mp3Duration90k };
  const prefix = encodeAdtsPrefix(track.config);
  const duration = aacFrameDuration90k(track.config);
  const start = adtsHeaderBytes;
  return {
    prefix,
    start,
    duration90k: (payload) => {
      const size = payload.length - start(payload);
      return size > 0 && size + prefix.length <= MAX_ADTS_FRAME_BYTES ? duration : undefined;
    },
  };
}

/** Bytes of an access unit in the elementary stream. */
export function framedBytes(framing: AudioFraming, payload: Uint8Array): number {
  return framing.prefix.length + payload.length - framing.start(payload);
}

/** Whether each access unit needs its length patched into the prefix. */
export function isAdts(framing: AudioFraming): boolean {
  return framing.prefix.length >= ADTS_HEADER_BYTES;
}

/** Only what is exactly one frame is carried: a decoder would look for the next one right behind it. */
function mp3Duration90k(payload: Uint8Array): number | undefined {
  try {
    const header = decodeMp3FrameHeader(payload);
    return header.frameBytes === payload.length ? mp3FrameDuration90k(header) : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
