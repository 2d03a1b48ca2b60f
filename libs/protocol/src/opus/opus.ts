// RFC 7845 section 5.1: the ID header, with which Enhanced RTMP begins a sequence. RFC 6716 section 3: how long a packet lasts.
import { ByteReader, ByteWriter, ProtocolError } from '../bytes/index.ts';

const PLACE = 'opus/id-header';
const MAGIC = 'OpusHead';
/** RFC 7845 section 5.1: readers take any version whose upper four bits are 0. */
const MAX_VERSION = 15;
const UNUSED = 255;
/** Table 5.1.1.2 goes up to 7.1. */
const MAX_VORBIS_CHANNELS = 8;
/** "Encapsulation of Opus in ISO Base Media File Format" section 4.3.2: always this, whatever was recorded. */
export const OPUS_SAMPLING_FREQUENCY = 48_000;
/** RFC 6716 section 3.4, R5: 120 ms. */
const MAX_SAMPLES = 5_760;

/** Channel mapping families of RFC 7845 section 5.1.1. */
const Family = { rtp: 0, vorbis: 1 } as const;

export interface OpusConfiguration {
  readonly channels: number;
  /** Samples at 48 kHz that a player leaves out at the beginning. */
  readonly preSkip: number;
  /** Hz, of what was recorded: of no effect. */
  readonly inputSampleRate: number;
  /** Decibel, as 8.8. */
  readonly outputGain: number;
  readonly mappingFamily: number;
  /** Opus streams in each packet, and how many of them have two channels. */
  readonly streams: number;
  readonly coupled: number;
  /** Which decoded channel each channel is; 255 for none. */
  readonly mapping: readonly number[];
}

/** Streams, pairs and order of channels that family 1 has for a number of channels (as libopus encodes them). */
const SURROUND: readonly (readonly [streams: number, coupled: number, mapping: readonly number[]])[] = [
  [1, 0, [0]],
  [1, 1, [0, 1]],
  [2, 1, [0, 2, 1]],
  [2, 2, [0, 1, 2, 3]],
  [3, 2, [0, 4, 1, 2, 3]],
  [4, 2, [0, 4, 1, 2, 3, 5]],
  [4, 3, [0, 4, 1, 2, 3, 5, 6]],
  [5, 3, [0, 6, 1, 2, 3, 4, 5, 7]],
];

/**
 * Reads an ID header.
 * @throws ProtocolError when it is none, or no decoder could follow it
 */
export function decodeOpusHead(bytes: Uint8Array): OpusConfiguration {
  const reader = new ByteReader(bytes, PLACE);
  if (reader.take(MAGIC.length).toString('latin1') !== MAGIC) {
    throw new ProtocolError('opus.magic', PLACE, 'not an ID header');
  }
  const version = reader.u8();
  if (version > MAX_VERSION) throw new ProtocolError('opus.version', PLACE, `version ${version}`);
  const channels = reader.u8();
  const fixed = reader.take(8);
  const [preSkip, inputSampleRate, outputGain] = [fixed.readUInt16LE(0), fixed.readUInt32LE(2), fixed.readInt16LE(6)];
  const mappingFamily = reader.u8();
  const head = { channels, preSkip, inputSampleRate, outputGain, mappingFamily };
  if (mappingFamily === Family.rtp) {
    if (channels !== 1 && channels !== 2) throw new ProtocolError('opus.channels', PLACE, `${channels} channels`);
    return { ...head, ...surround(channels) };
  }
  const [streams, coupled] = [reader.u8(), reader.u8()];
  const mapping = [...reader.take(channels)];
  if (channels === 0 || (mappingFamily === Family.vorbis && channels > MAX_VORBIS_CHANNELS)) {
    throw new ProtocolError('opus.channels', PLACE, `${channels} channels`);
  }
  const decoded = streams + coupled;
  if (streams === 0 || coupled > streams || decoded > UNUSED || mapping.some((at) => at >= decoded && at !== UNUSED)) {
    throw new ProtocolError('opus.mapping', PLACE, `${streams} streams, ${coupled} of them coupled`);
  }
  return { ...head, streams, coupled, mapping };
}

function surround(channels: number): Pick<OpusConfiguration, 'streams' | 'coupled' | 'mapping'> {
  const [streams, coupled, mapping] = SURROUND[channels - 1]!;
  return { streams, coupled, mapping };
}

/** Writes an ID header. */
export function encodeOpusHead(configuration: OpusConfiguration): Buffer {
  const { channels, preSkip, inputSampleRate, outputGain, mappingFamily, streams, coupled, mapping } = configuration;
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16LE(preSkip, 0);
  fixed.writeUInt32LE(inputSampleRate, 2);
  fixed.writeInt16LE(outputGain, 6);
  const writer = new ByteWriter().utf8(MAGIC).u8(1).u8(channels).write(fixed).u8(mappingFamily);
  if (mappingFamily !== Family.rtp) writer.u8(streams).u8(coupled).write(Buffer.from(mapping));
  return writer.toBuffer();
}

/**
 * Enhanced RTMP v2: "If the Opus sequence start payload is empty, use the AudioPacketType.MultichannelConfig signal ... otherwise,
 * default to mono/stereo mode".
 * @param channels 1 to 8
 */
export function opusConfigurationOf(channels: number): OpusConfiguration {
  return {
    channels,
    preSkip: 0,
    inputSampleRate: OPUS_SAMPLING_FREQUENCY,
    outputGain: 0,
    mappingFamily: channels > 2 ? Family.vorbis : Family.rtp,
    ...surround(channels),
  };
}

/** "Encapsulation of Opus in ISO Base Media File Format" section 4.3.2: the content of an OpusSpecificBox. Numbers are big-endian. */
export function encodeDops(configuration: OpusConfiguration): Buffer {
  const { channels, preSkip, inputSampleRate, outputGain, mappingFamily, streams, coupled, mapping } = configuration;
  const gain = Buffer.alloc(2);
  gain.writeInt16BE(outputGain);
  const writer = new ByteWriter().u8(0).u8(channels).u16(preSkip).u32(inputSampleRate).write(gain).u8(mappingFamily);
  if (mappingFamily !== Family.rtp) writer.u8(streams).u8(coupled).write(Buffer.from(mapping));
  return writer.toBuffer();
}

/**
 * How long a packet lasts, in samples at 48 kHz: its TOC byte, and the number of frames. Of a packet of several streams, whose first
 * one is read, too: all last as long.
 * @returns undefined when no decoder could read it
 */
export function opusPacketSamples(packet: Uint8Array): number | undefined {
  const toc = packet[0];
  if (toc === undefined) return undefined;
  const config = toc >> 3;
  // Table 2: SILK has 10 to 60 ms, hybrid 10 and 20 ms, CELT 2.5 to 20 ms.
  const samples =
    config < 12
      ? [480, 960, 1_920, 2_880][config & 3]!
      : config < 16
        ? [480, 960][config & 1]!
        : [120, 240, 480, 960][config & 3]!;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 63;
  return frames > 0 && frames * samples <= MAX_SAMPLES ? frames * samples : undefined;
}

/** A packet of 20 ms that decodes to silence; undefined for several streams. */
export function silentOpusPacket({ channels, streams }: OpusConfiguration): Buffer | undefined {
  return streams === 1 ? Buffer.of(channels === 1 ? 0xf8 : 0xfc, 0xff, 0xfe) : undefined;
}

/**
 * channel_config_code of the extension descriptor in MPEG-TS: the number of channels, where their order is that of family 1.
 * @returns undefined for an order that has no code
 */
export function opusChannelConfigCode({ channels, streams, coupled, mapping }: OpusConfiguration): number | undefined {
  const known = SURROUND[channels - 1];
  const isKnown =
    known !== undefined && known[0] === streams && known[1] === coupled && known[2].join() === mapping.join();
  return isKnown ? channels : undefined;
}

/** RFC 6381: the sample entry's name. */
export const OPUS_CODEC_STRING = 'Opus';
