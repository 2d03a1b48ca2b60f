// Audio access units in the elementary stream: AAC behind ADTS headers (ISO/IEC 14496-3 section 1.A.2), MP3 as it is. Frames are small
// and a PES packet costs a transport packet at least, so several frames share one.
import {
  aacFrameDuration90k,
  ADTS_HEADER_BYTES,
  adtsHeaderBytes,
  encodeAdtsPrefix,
  MAX_ADTS_FRAME_BYTES,
  patchAdtsFrameBytes,
} from '../../aac/index.ts';
import { ProtocolError } from '../../bytes/index.ts';
import { decodeMp3FrameHeader, mp3FrameDuration90k } from '../../mp3/index.ts';
import { pesHeaderBytes } from '../pes.ts';
import { viewOf } from './elementary-stream.ts';
import type { ElementarySink } from './elementary-stream.ts';
import type { AudioPes } from './schedule.ts';
import type { AccessUnit, AudioTrack } from './segment-options.ts';
import { MAX_AUDIO_PES_BYTES, MAX_AUDIO_PES_SPAN_90K } from './segment-options.ts';

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
function framedBytes(framing: AudioFraming, payload: Uint8Array): number {
  return framing.prefix.length + payload.length - framing.start(payload);
}

/** Whether each access unit needs its length patched into the prefix. */
function isAdts(framing: AudioFraming): boolean {
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

/**
 * Gathers frames into PES packets. Only the first frame of a packet has a timestamp and players count on from there, so
 * a frame whose own time is off by half a frame or more starts a new packet. Depends on nothing but the frames.
 */
export class AudioGatherer {
  readonly packets: AudioPes[] = [];
  readonly #framing: AudioFraming;
  readonly #randomAccess: boolean;
  #units: AccessUnit[] = [];
  #dataBytes = 0;
  #dts90k = 0;
  #span90k = 0;

  /** @param randomAccess whether packets are entry points of the program: when it has no video */
  constructor(framing: AudioFraming, randomAccess: boolean) {
    this.#framing = framing;
    this.#randomAccess = randomAccess;
  }

  /** Adds the next frame; false when it cannot be carried. */
  add(unit: AccessUnit): boolean {
    const duration = this.#framing.duration90k(unit.payload);
    if (duration === undefined) return false;
    const bytes = framedBytes(this.#framing, unit.payload);
    if (!this.#joins(unit.dts90k, duration, bytes)) this.flush();
    if (this.#units.length === 0) this.#dts90k = unit.dts90k;
    this.#units.push(unit);
    this.#dataBytes += bytes;
    this.#span90k += duration;
    return true;
  }

  #joins(dts90k: number, duration: number, bytes: number): boolean {
    return (
      Math.abs(dts90k - (this.#dts90k + this.#span90k)) < duration / 2 &&
      this.#span90k + duration <= MAX_AUDIO_PES_SPAN_90K &&
      pesHeaderBytes(false) + this.#dataBytes + bytes <= MAX_AUDIO_PES_BYTES
    );
  }

  /** Ends the current packet: at the end of the segment. */
  flush(): void {
    if (this.#units.length === 0) return;
    const dts90k = this.#dts90k;
    const dataBytes = this.#dataBytes;
    const units = this.#units;
    const randomAccess = this.#randomAccess;
    this.packets.push({ kind: 'audio', dts90k, pts90k: dts90k, dataBytes, randomAccess, units });
    this.#units = [];
    this.#dataBytes = 0;
    this.#span90k = 0;
  }
}

/** Writes the access units of a packet, each behind its ADTS header where the codec has one: exactly `plan.dataBytes` bytes. */
export function writeAudio(plan: AudioPes, framing: AudioFraming, sink: ElementarySink): void {
  const { prefix } = framing;
  for (const { payload } of plan.units) {
    if (isAdts(framing)) {
      patchAdtsFrameBytes(prefix, 0, framedBytes(framing, payload));
      for (let at = 0; at < prefix.length; at++) sink.appendByte(prefix[at]!);
    }
    sink.append(viewOf(payload), framing.start(payload), payload.length);
  }
}
