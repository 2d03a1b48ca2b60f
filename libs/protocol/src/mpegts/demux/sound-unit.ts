// Frames of sound at the beginning of some bytes, as MPEG-TS carries them.
import { decodeAdtsHeader } from '../../aac/index.ts';
import { AC3_SAMPLES, decodeAc3Syncframe, decodeEac3AccessUnit } from '../../ac3/index.ts';
import { ByteReader, ProtocolError } from '../../bytes/index.ts';
import { decodeMp3FrameHeader } from '../../mp3/index.ts';
import { OPUS_SAMPLING_FREQUENCY, opusPacketSamples } from '../../opus/index.ts';
import type { TsAudioCodec } from './stream-format.ts';

export interface SoundUnit {
  /** Before the frame, and no part of it. */
  readonly headerBytes: number;
  readonly frameBytes: number;
  readonly samples: number;
  readonly samplingFrequency: number;
}

/** @throws ProtocolError for what begins with no frame, and for one whose header is not all there */
export type ReadSoundUnit = (bytes: Buffer) => SoundUnit;

const AAC_SAMPLES = 1_024;
/** `0x3ff` in eleven bits, before flags and reserved bits. */
const OPUS_PREFIX = 0x7fe0;
const OPUS_PREFIX_MASK = 0xffe0;
const OpusFlag = { startTrim: 0x10, endTrim: 0x08, extension: 0x04 } as const;
/** The longest packet: 120 ms of frames of 1,275 bytes, for each of up to 255 streams. */
const MAX_OPUS_BYTES = 61_298;

export const SOUND_UNITS: Readonly<Record<TsAudioCodec, ReadSoundUnit>> = {
  /** The ADTS header is part of the frame. */
  aac: (bytes) => {
    const { frameBytes, samplingFrequency, rawDataBlocks } = decodeAdtsHeader(bytes);
    return { headerBytes: 0, frameBytes, samples: AAC_SAMPLES * rawDataBlocks, samplingFrequency };
  },
  mp3: (bytes) => ({ headerBytes: 0, ...decodeMp3FrameHeader(bytes) }),
  ac3: (bytes) => ({ headerBytes: 0, ...decodeAc3Syncframe(bytes), samples: AC3_SAMPLES }),
  eac3: (bytes) => {
    const { bytes: frameBytes, samples, samplingFrequency } = decodeEac3AccessUnit(bytes);
    return { headerBytes: 0, frameBytes, samples, samplingFrequency };
  },
  opus: readOpus,
};

/** Behind a control header (opus_control_header of "Opus in MPEG-TS"). */
function readOpus(bytes: Buffer): SoundUnit {
  const reader = new ByteReader(bytes, 'mpegts/opus');
  const prefix = reader.u16();
  if ((prefix & OPUS_PREFIX_MASK) !== OPUS_PREFIX)
    throw new ProtocolError('mpegts.opus.control', reader.place, `prefix ${prefix}`);
  let frameBytes = 0;
  let more: number;
  do frameBytes += more = reader.u8();
  while (more === 255 && frameBytes <= MAX_OPUS_BYTES);
  if (frameBytes > MAX_OPUS_BYTES) throw new ProtocolError('mpegts.opus.size', reader.place, `${frameBytes} bytes`);
  // How much sound players are to leave out at the beginning and at the end: frames have no place for it.
  if ((prefix & OpusFlag.startTrim) !== 0) reader.skip(2);
  if ((prefix & OpusFlag.endTrim) !== 0) reader.skip(2);
  if ((prefix & OpusFlag.extension) !== 0) reader.skip(reader.u8());
  const samples = opusPacketSamples(reader.bytes.subarray(reader.offset, reader.offset + frameBytes)) ?? 0;
  return { headerBytes: reader.offset, frameBytes, samples, samplingFrequency: OPUS_SAMPLING_FREQUENCY };
}
