// ISO/IEC 14496-3 section 1.6.2.1: AudioSpecificConfig, the body of an FLV AAC sequence header.
import { BitReader, BitWriter, ProtocolError } from '../bytes/index.ts';
import type { ProgramConfig } from './program-config.ts';
import { decodeProgramConfig, encodeProgramConfig, programChannels } from './program-config.ts';
import { readSamplingFrequency, writeSamplingFrequency } from './sampling-frequency.ts';

const PLACE = 'aac/audio-specific-config';
/** Longest one this reads: a program config element with its comment has up to 330 bytes. */
export const MAX_AUDIO_SPECIFIC_CONFIG_BYTES = 512;

/** audioObjectType values (table 1.17) that matter here. */
export const AudioObjectType = { main: 1, lc: 2, ssr: 3, ltp: 4, sbr: 5, ps: 29, escape: 31 } as const;

/** Object types whose configuration is a GASpecificConfig without error resilience: the ones that ADTS can carry. */
const CORE_TYPES = new Set<number>([
  AudioObjectType.main,
  AudioObjectType.lc,
  AudioObjectType.ssr,
  AudioObjectType.ltp,
]);

/** Channels by channelConfiguration (table 1.19 and its amendments); the others are reserved. 0: see the PCE. */
const CHANNELS: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 4],
  [5, 5],
  [6, 6],
  [7, 8],
  [11, 7],
  [12, 8],
  [14, 8],
]);

const SYNC_SBR = 0x2b7;
const SYNC_PS = 0x548;

export interface AudioSpecificConfig {
  /** Object type of the core coder, 2 (LC) nearly always. */
  readonly objectType: number;
  /** Rate of the core coder in Hz; timestamps of frames count in it. */
  readonly samplingFrequency: number;
  readonly channelConfiguration: number;
  /** Channels of the core coder. */
  readonly channels: number;
  /** Samples per channel and frame of the core coder. */
  readonly frameLength: 1024 | 960;
  readonly coreCoderDelay: number | undefined;
  /** Spectral band replication (HE-AAC) as the configuration announces it; undefined when it does not. */
  readonly sbr:
    | {
        /** `hierarchical`: object type 5 or 29 comes first. `compatible`: at the end, where old decoders don't look. */
        readonly signalling: 'hierarchical' | 'compatible';
        /** Output rate in Hz. */
        readonly samplingFrequency: number;
        /** Parametric stereo (HE-AAC v2). */
        readonly parametricStereo: boolean;
      }
    | undefined;
  /** The channel list when channelConfiguration is 0. */
  readonly programConfig: ProgramConfig | undefined;
}

/**
 * Reads an AudioSpecificConfig of AAC Main, LC, SSR or LTP, with SBR and PS.
 * @throws ProtocolError `aac.config.*` for other object types and reserved values
 */
export function decodeAudioSpecificConfig(bytes: Uint8Array): AudioSpecificConfig {
  if (bytes.length > MAX_AUDIO_SPECIFIC_CONFIG_BYTES) throw invalid('too-long', `${bytes.length} bytes`);
  const bits = new BitReader(bytes, PLACE);
  let objectType = readObjectType(bits);
  const samplingFrequency = readSamplingFrequency(bits);
  const channelConfiguration = bits.bits(4);
  let sbr: AudioSpecificConfig['sbr'];
  if (objectType === AudioObjectType.sbr || objectType === AudioObjectType.ps) {
    const parametricStereo = objectType === AudioObjectType.ps;
    sbr = { signalling: 'hierarchical', samplingFrequency: readSamplingFrequency(bits), parametricStereo };
    objectType = readObjectType(bits);
  }
  if (!CORE_TYPES.has(objectType)) throw invalid('object-type', `object type ${objectType}`);
  const frameLength = bits.flag() ? 960 : 1024;
  const coreCoderDelay = bits.flag() ? bits.bits(14) : undefined;
  // Section 4.4.1: extensionFlag "shall be 0" for these object types; encoders that set it add nothing either.
  bits.skip(1);
  const programConfig = channelConfiguration === 0 ? decodeProgramConfig(bits) : undefined;
  const channels = programConfig === undefined ? CHANNELS.get(channelConfiguration) : programChannels(programConfig);
  if (channels === undefined || channels === 0) throw invalid('channels', `configuration ${channelConfiguration}`);
  sbr ??= readCompatibleSbr(bits);
  return {
    objectType,
    samplingFrequency,
    channelConfiguration,
    channels,
    frameLength,
    coreCoderDelay,
    sbr,
    programConfig,
  };
}

/** GetAudioObjectType(), table 1.16: 31 says that six more bits follow. */
function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === AudioObjectType.escape ? 32 + bits.bits(6) : type;
}

/** The backward compatible extension; anything else at the end is padding. */
function readCompatibleSbr(bits: BitReader): AudioSpecificConfig['sbr'] {
  if (bits.remaining < 16 || bits.bits(11) !== SYNC_SBR) return undefined;
  if (readObjectType(bits) !== AudioObjectType.sbr || !bits.flag()) return undefined;
  const samplingFrequency = readSamplingFrequency(bits);
  const parametricStereo = bits.remaining >= 12 && bits.bits(11) === SYNC_PS && bits.flag();
  return { signalling: 'compatible', samplingFrequency, parametricStereo };
}

/** Writes an AudioSpecificConfig. */
export function encodeAudioSpecificConfig(config: AudioSpecificConfig): Buffer {
  const bits = new BitWriter();
  const { sbr } = config;
  const hierarchical = sbr?.signalling === 'hierarchical' ? sbr : undefined;
  const first = hierarchical?.parametricStereo ? AudioObjectType.ps : AudioObjectType.sbr;
  bits.bits(hierarchical === undefined ? config.objectType : first, 5);
  writeSamplingFrequency(bits, config.samplingFrequency);
  bits.bits(config.channelConfiguration, 4);
  if (hierarchical !== undefined) {
    writeSamplingFrequency(bits, hierarchical.samplingFrequency);
    bits.bits(config.objectType, 5);
  }
  bits.flag(config.frameLength === 960).flag(config.coreCoderDelay !== undefined);
  if (config.coreCoderDelay !== undefined) bits.bits(config.coreCoderDelay, 14);
  bits.flag(false);
  if (config.programConfig !== undefined) encodeProgramConfig(bits, config.programConfig);
  if (sbr?.signalling === 'compatible') {
    bits.bits(SYNC_SBR, 11).bits(AudioObjectType.sbr, 5).flag(true);
    writeSamplingFrequency(bits, sbr.samplingFrequency);
    if (sbr.parametricStereo) bits.bits(SYNC_PS, 11).flag(true);
  }
  return bits.align().toBuffer();
}

/** How long a frame lasts, in 90 kHz ticks (not rounded). SBR doubles samples and rate, so the core's figures hold. */
export function aacFrameDuration90k(config: AudioSpecificConfig): number {
  return (config.frameLength * 90_000) / config.samplingFrequency;
}

/** RFC 6381 section 3.3: `mp4a.40.` and the object type, as HLS wants it in CODECS. */
export function aacCodecString(config: AudioSpecificConfig): string {
  if (config.sbr === undefined) return `mp4a.40.${config.objectType}`;
  return config.sbr.parametricStereo ? `mp4a.40.${AudioObjectType.ps}` : `mp4a.40.${AudioObjectType.sbr}`;
}

const invalid = (code: string, detail: string): ProtocolError => new ProtocolError(`aac.config.${code}`, PLACE, detail);
