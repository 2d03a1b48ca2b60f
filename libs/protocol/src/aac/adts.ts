// ISO/IEC 14496-3 section 1.A.2.2: adts_frame, the form in which MPEG-TS carries AAC.
import { BitReader, BitWriter, ProtocolError } from '../bytes/index.ts';
import type { AudioSpecificConfig } from './audio-specific-config.ts';
import { encodeProgramConfig } from './program-config.ts';
import { samplingFrequencyIndexOf, samplingFrequencyOf } from './sampling-frequency.ts';

const PLACE = 'aac/adts';
/** Bytes of a header without CRC; with it there are two more. */
export const ADTS_HEADER_BYTES = 7;
const CRC_BYTES = 2;
/** aac_frame_length has 13 bits and counts the header. */
export const MAX_ADTS_FRAME_BYTES = 0x1fff;
/** The longest access unit that fits an ADTS frame: 8,184 bytes. */
export const MAX_AAC_ACCESS_UNIT_BYTES = MAX_ADTS_FRAME_BYTES - ADTS_HEADER_BYTES;

/** id_syn_ele of a program_config_element (table 4.85). */
const ID_PCE = 5;
const BUFFER_FULLNESS_VBR = 0x7ff;

export interface AdtsHeader {
  /** 1 for MPEG-2 AAC, 0 for MPEG-4. */
  readonly id: 0 | 1;
  readonly objectType: number;
  readonly samplingFrequency: number;
  readonly channelConfiguration: number;
  readonly headerBytes: 7 | 9;
  /** Header and data. */
  readonly frameBytes: number;
  readonly bufferFullness: number;
  /** Raw data blocks (AAC frames of 1024 samples) in the frame, 1 to 4. */
  readonly rawDataBlocks: number;
}

/**
 * Reads an ADTS header.
 * @throws ProtocolError when there is none at the start of `bytes`, or it is cut short
 */
export function decodeAdtsHeader(bytes: Uint8Array): AdtsHeader {
  const bits = new BitReader(bytes.subarray(0, ADTS_HEADER_BYTES), PLACE);
  if (bits.bits(12) !== 0xfff) throw new ProtocolError('aac.adts.sync', PLACE, 'no syncword');
  const id = bits.bits(1) as 0 | 1;
  if (bits.bits(2) !== 0) throw new ProtocolError('aac.adts.layer', PLACE, 'layer is not 0');
  const headerBytes = bits.flag() ? ADTS_HEADER_BYTES : 9;
  const objectType = bits.bits(2) + 1;
  const index = bits.bits(4);
  const samplingFrequency = samplingFrequencyOf(index);
  if (samplingFrequency === undefined) throw new ProtocolError('aac.sampling-frequency', PLACE, `index ${index}`);
  bits.skip(1);
  const channelConfiguration = bits.bits(3);
  bits.skip(4);
  const frameBytes = bits.bits(13);
  if (frameBytes < headerBytes) throw new ProtocolError('aac.adts.frame-length', PLACE, `${frameBytes} bytes`);
  const bufferFullness = bits.bits(11);
  const rawDataBlocks = bits.bits(2) + 1;
  return {
    id,
    objectType,
    samplingFrequency,
    channelConfiguration,
    headerBytes,
    frameBytes,
    bufferFullness,
    rawDataBlocks,
  };
}

/**
 * What goes before every access unit of a stream in ADTS: the header for an empty frame and, where the channels are listed
 * in a program config element, that element. `patchAdtsFrameBytes` sets the length of each frame.
 * @throws ProtocolError `aac.adts.not-expressible` for configurations that ADTS has no field values for
 */
export function encodeAdtsPrefix(config: AudioSpecificConfig): Buffer {
  const index = samplingFrequencyIndexOf(config.samplingFrequency);
  if (index === undefined || config.objectType > 4 || config.channelConfiguration > 7 || config.frameLength !== 1024) {
    const detail = `object type ${config.objectType}, ${config.samplingFrequency} Hz, channels ${config.channelConfiguration}, ${config.frameLength} samples`;
    throw new ProtocolError('aac.adts.not-expressible', PLACE, detail);
  }
  const bits = new BitWriter()
    .bits(0xfff, 12)
    .bits(0, 1) // MPEG-4
    .bits(0, 2)
    .bits(1, 1) // no CRC
    .bits(config.objectType - 1, 2)
    .bits(index, 4)
    .bits(0, 1)
    .bits(config.channelConfiguration, 3)
    .bits(0, 4)
    .bits(0, 13)
    .bits(BUFFER_FULLNESS_VBR, 11)
    .bits(0, 2);
  const header = bits.toBuffer();
  if (config.programConfig === undefined) return header;
  const element = new BitWriter().bits(ID_PCE, 3);
  encodeProgramConfig(element, config.programConfig);
  return Buffer.concat([header, element.toBuffer()]);
}

/** Sets aac_frame_length in the header at `offset`. */
export function patchAdtsFrameBytes(bytes: Uint8Array, offset: number, frameBytes: number): void {
  bytes[offset + 3] = (bytes[offset + 3]! & 0xfc) | (frameBytes >> 11);
  bytes[offset + 4] = (frameBytes >> 3) & 0xff;
  bytes[offset + 5] = (bytes[offset + 5]! & 0x1f) | ((frameBytes & 7) << 5);
}

/**
 * The configuration that an ADTS header stands for.
 * @returns undefined where the channels are listed in the frame itself
 */
export function configOfAdts(header: AdtsHeader): AudioSpecificConfig | undefined {
  const { objectType, samplingFrequency, channelConfiguration } = header;
  if (channelConfiguration === 0) return undefined;
  return {
    objectType,
    samplingFrequency,
    channelConfiguration,
    channels: channelConfiguration === 7 ? 8 : channelConfiguration,
    frameLength: 1024,
    coreCoderDelay: undefined,
    sbr: undefined,
    programConfig: undefined,
  };
}

/**
 * Whether a payload that should be raw AAC consists of ADTS frames, one behind the other, each with a single raw data block.
 * Raw AAC cannot begin with twelve 1 bits (its first element would be "end"), so headers whose lengths fit are no accident.
 */
export function isAdts(payload: Uint8Array): boolean {
  if (payload.length < ADTS_HEADER_BYTES) return false;
  for (let at = 0; at < payload.length;) {
    const left = payload.length - at;
    if (left < ADTS_HEADER_BYTES || payload[at] !== 0xff || (payload[at + 1]! & 0xf6) !== 0xf0) return false;
    const frameBytes = adtsFrameBytes(payload, at);
    if (frameBytes > left || frameBytes < adtsHeaderSize(payload, at) || (payload[at + 6]! & 3) !== 0) return false;
    at += frameBytes;
  }
  return true;
}

/** aac_frame_length of the frame at `offset`: header and data. */
export function adtsFrameBytes(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset + 3]! & 3) << 11) | (bytes[offset + 4]! << 3) | (bytes[offset + 5]! >> 5);
}

/** Bytes of the header at `offset`, its CRC included. */
export function adtsHeaderSize(bytes: Uint8Array, offset: number): number {
  return (bytes[offset + 1]! & 1) === 1 ? ADTS_HEADER_BYTES : ADTS_HEADER_BYTES + CRC_BYTES;
}

/** How many bytes of ADTS header a payload that is one ADTS frame begins with; 0 where it is something else. */
export function adtsHeaderBytes(payload: Uint8Array): number {
  return isAdts(payload) && adtsFrameBytes(payload, 0) === payload.length ? adtsHeaderSize(payload, 0) : 0;
}
