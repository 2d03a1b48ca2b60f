// Audio access units in the elementary stream: AAC behind ADTS headers (ISO/IEC 14496-3 section 1.A.2), Opus behind control headers, others as
// they are. Frames are small and a PES packet costs a transport packet at least, so several frames share one.
import {
  aacFrameDuration90k,
  adtsHeaderBytes,
  encodeAdtsPrefix,
  MAX_ADTS_FRAME_BYTES,
  patchAdtsFrameBytes,
} from '../../aac/index.ts';
import type { AudioSpecificConfig } from '../../aac/index.ts';
import { AC3_SAMPLES, decodeAc3Syncframe, decodeEac3AccessUnit } from '../../ac3/index.ts';
import { decodeOrUndefined, ProtocolError } from '../../bytes/index.ts';
import { decodeMp3FrameHeader, mp3FrameDuration90k } from '../../mp3/index.ts';
import { OPUS_SAMPLING_FREQUENCY, opusPacketSamples } from '../../opus/index.ts';
import { pesHeaderBytes, StreamId } from '../pes.ts';
import { viewOf } from './elementary-stream.ts';
import type { ElementarySink } from './elementary-stream.ts';
import type { AudioPes } from './schedule.ts';
import type { AccessUnit, AudioTrack } from './segment-options.ts';
import { MAX_AUDIO_PES_BYTES, MAX_AUDIO_PES_SPAN_90K } from './segment-options.ts';

export interface AudioFraming {
  /** stream_id of its PES packets. */
  readonly streamId: number;
  /** Bytes that go before an access unit. */
  headerBytes(unitBytes: number): number;
  /** Writes them. */
  writeHeader(unitBytes: number, sink: ElementarySink): void;
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
  switch (track.codec) {
    case 'aac':
      return adtsFraming(track.config);
    case 'mp3':
      return { ...BARE, streamId: StreamId.audio, duration90k: mp3Duration90k };
    case 'ac3':
      return { ...BARE, duration90k: ac3Duration90k };
    case 'eac3':
      return { ...BARE, duration90k: eac3Duration90k };
    case 'opus':
      return { ...BARE, headerBytes: opusHeaderBytes, writeHeader: writeOpusHeader, duration90k: opusDuration90k };
  }
}

/** Nothing goes before access units. ATSC A/52 section A.3.2: "stream_id ... private_stream_1". */
const BARE = {
  streamId: StreamId.private1,
  headerBytes: () => 0,
  writeHeader: () => undefined,
  start: () => 0,
} as const satisfies Partial<AudioFraming>;

function adtsFraming(config: AudioSpecificConfig): AudioFraming {
  const prefix = encodeAdtsPrefix(config);
  const duration = aacFrameDuration90k(config);
  const start = adtsHeaderBytes;
  return {
    streamId: StreamId.audio,
    headerBytes: () => prefix.length,
    writeHeader(unitBytes, sink) {
      patchAdtsFrameBytes(prefix, 0, prefix.length + unitBytes);
      for (let at = 0; at < prefix.length; at++) sink.appendByte(prefix[at]!);
    },
    start,
    duration90k: (payload) => {
      const size = payload.length - start(payload);
      return size > 0 && size + prefix.length <= MAX_ADTS_FRAME_BYTES ? duration : undefined;
    },
  };
}

/** opus_control_header: eleven bits of 0x3FF, no trimming, and the size in bytes of which all but the last are 255. */
const opusHeaderBytes = (unitBytes: number): number => 2 + Math.floor(unitBytes / 255) + 1;

function writeOpusHeader(unitBytes: number, sink: ElementarySink): void {
  sink.appendByte(0x7f);
  sink.appendByte(0xe0);
  let left = unitBytes;
  for (; left >= 255; left -= 255) sink.appendByte(255);
  sink.appendByte(left);
}

function opusDuration90k(payload: Uint8Array): number | undefined {
  const samples = opusPacketSamples(payload);
  return samples === undefined || payload.length > MAX_AUDIO_UNIT_BYTES
    ? undefined
    : (samples * 90_000) / OPUS_SAMPLING_FREQUENCY;
}

/** What fits into a PES packet, which says its length in 16 bits, with its header and that of the unit. */
const MAX_AUDIO_UNIT_BYTES = 0xffff - 512;

function ac3Duration90k(payload: Uint8Array): number | undefined {
  const frame = decodeOrUndefined(decodeAc3Syncframe, payload);
  return frame?.frameBytes === payload.length ? (AC3_SAMPLES * 90_000) / frame.samplingFrequency : undefined;
}

function eac3Duration90k(payload: Uint8Array): number | undefined {
  const unit = decodeOrUndefined(decodeEac3AccessUnit, payload);
  return unit?.bytes === payload.length && payload.length <= MAX_AUDIO_UNIT_BYTES
    ? (unit.samples * 90_000) / unit.samplingFrequency
    : undefined;
}

/** Bytes of an access unit in the elementary stream. */
function framedBytes(framing: AudioFraming, payload: Uint8Array): number {
  const unitBytes = payload.length - framing.start(payload);
  return framing.headerBytes(unitBytes) + unitBytes;
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

/** Writes the access units of a packet, each behind its header where the codec has one: exactly `plan.dataBytes` bytes. */
export function writeAudio(plan: AudioPes, framing: AudioFraming, sink: ElementarySink): void {
  for (const { payload } of plan.units) {
    const start = framing.start(payload);
    framing.writeHeader(payload.length - start, sink);
    sink.append(viewOf(payload), start, payload.length);
  }
}
