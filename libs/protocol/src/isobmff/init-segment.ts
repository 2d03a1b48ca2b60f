// ISO/IEC 23000-19 section 7.3.1: the header of a CMAF track, which HLS calls an initialisation map. One track a file.
import { ByteWriter } from '../bytes/index.ts';
import { encodeDfla } from '../flac/index.ts';
import type { ColourDescription } from '../nal/index.ts';
import { decodeOpusHead, encodeDops } from '../opus/index.ts';
import { decodeVp9Configuration, encodeVp9Record } from '../vp9/index.ts';
import { box, fullBox } from './boxes.ts';
import { packLanguage } from './language.ts';

/** What a file says of its pictures before the first one. */
export interface CmafVideoTrack {
  readonly kind: 'video';
  readonly codec: 'h264' | 'h265' | 'av1' | 'vp9';
  /** AVCDecoderConfigurationRecord, HEVCDecoderConfigurationRecord (ISO/IEC 14496-15), AV1CodecConfigurationRecord, or VPCodecConfigurationRecord. */
  readonly record: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Undefined when the configuration does not say. */
  readonly colour?: ColourDescription | undefined;
  /** Metadata of HDR. Chromaticities from 0 to 1, luminance in cd/m². */
  readonly masteringDisplay?: CmafMasteringDisplay | undefined;
  readonly contentLight?: CmafContentLight | undefined;
}

/** SMPTE ST 2086. */
export interface CmafMasteringDisplay {
  readonly redX: number;
  readonly redY: number;
  readonly greenX: number;
  readonly greenY: number;
  readonly blueX: number;
  readonly blueY: number;
  readonly whitePointX: number;
  readonly whitePointY: number;
  readonly maxLuminance: number;
  readonly minLuminance: number;
}

/** CTA-861.3, in cd/m². */
export interface CmafContentLight {
  readonly maxContentLightLevel: number;
  readonly maxPictureAverageLightLevel: number;
}

/** What a file says of its sound. */
export interface CmafAudioTrack {
  readonly kind: 'audio';
  readonly codec: 'aac' | 'mp3' | 'opus' | 'flac' | 'ac3' | 'eac3';
  /**
   * AudioSpecificConfig (ISO/IEC 14496-3), ID header of Opus, STREAMINFO of FLAC, content of an AC3SpecificBox or EC3SpecificBox; empty
   * for MP3.
   */
  readonly record: Uint8Array;
  /** Hz; what does not fit into 16 bits is left to the record. */
  readonly sampleRate: number;
  readonly channels: number;
  /** BCP 47; undefined where it is not known. */
  readonly language?: string | undefined;
}

export type CmafTrack = CmafVideoTrack | CmafAudioTrack;

/** The only track of a file. */
export const CMAF_TRACK_ID = 1;
/** `cmfc` says CMAF, `iso6` that fragments have a decode time (ISO/IEC 14496-12 annex E). */
const BRANDS = ['cmfc', 'iso6'] as const;
const MINOR_VERSION = 0;
/** Section 8.3.2.3: the track is enabled, in the movie and in its preview. */
const TRACK_ENABLED = 7;
/** Section 8.7.2: the media is in the same file. */
const SELF_CONTAINED = 1;
const UNITY = 0x0001_0000;
const FULL_VOLUME = 0x0100;
/** 72 pixels an inch as 16.16: the only value that is used. */
const RESOLUTION = 0x0048_0000;
/** Colour without alpha. */
const DEPTH = 0x18;
const COMPRESSOR_NAME_BYTES = 32;
/** "template = 16" (section 12.2.3): decoders read the record. */
const SAMPLE_SIZE = 16;
const MAX_U16 = 0xffff;
/** full_range_flag; the other bits are reserved. */
const FULL_RANGE = 0x80;
const CHROMATICITY_STEPS = 50_000;
const LUMINANCE_STEPS = 10_000;

/** Sample entry and configuration box of each codec of pictures, and of sound outside of MPEG-4 and MPEG-1. */
const CONFIGURATION_BOX = {
  h264: ['avc1', 'avcC'],
  h265: ['hvc1', 'hvcC'],
  av1: ['av01', 'av1C'],
  vp9: ['vp09', 'vpcC'],
  opus: ['Opus', 'dOps'],
  flac: ['fLaC', 'dfLa'],
  ac3: ['ac-3', 'dac3'],
  eac3: ['ec-3', 'dec3'],
} as const;
/** "VP Codec ISO Media File Format Binding": the version of a `vpcC` box, without flags. */
const VPCC_VERSION = Buffer.of(1, 0, 0, 0);

/** The content of the configuration box of a track. */
function configurationOf({ codec, record }: CmafTrack): Uint8Array {
  switch (codec) {
    case 'vp9':
      return Buffer.concat([VPCC_VERSION, encodeVp9Record(decodeVp9Configuration(record))]);
    case 'opus':
      return encodeDops(decodeOpusHead(record));
    case 'flac':
      return encodeDfla(record);
    default:
      return record;
  }
}

/**
 * Writes the header of a track.
 * @param timescale ticks in a second of its fragments
 */
export function encodeCmafHeader(track: CmafTrack, timescale: number): Buffer {
  const out = new ByteWriter(1_024);
  box(out, 'ftyp', () => {
    out.utf8(BRANDS[0]).u32(MINOR_VERSION);
    for (const brand of BRANDS) out.utf8(brand);
  });
  box(out, 'moov', () => {
    movieHeader(out, timescale);
    box(out, 'trak', () => {
      trackHeader(out, track);
      box(out, 'mdia', () => media(out, track, timescale));
    });
    // Section 8.8.3: fragments follow; each says of its samples what is not the same for all.
    box(out, 'mvex', () => fullBox(out, 'trex', 0, 0, () => out.u32(CMAF_TRACK_ID).u32(1).u32(0).u32(0).u32(0)));
  });
  return out.toBuffer();
}

/** Section 8.2.2. No duration, as it has no end, and no date, as the same track has the same bytes. */
function movieHeader(out: ByteWriter, timescale: number): void {
  fullBox(out, 'mvhd', 0, 0, () => {
    out.u32(0).u32(0).u32(timescale).u32(0);
    out.u32(UNITY).u16(FULL_VOLUME).fill(0, 10);
    matrix(out);
    out.fill(0, 24).u32(CMAF_TRACK_ID + 1);
  });
}

/** Section 8.3.2. */
function trackHeader(out: ByteWriter, track: CmafTrack): void {
  fullBox(out, 'tkhd', 0, TRACK_ENABLED, () => {
    out.u32(0).u32(0).u32(CMAF_TRACK_ID).u32(0).u32(0).fill(0, 8);
    out
      .u16(0)
      .u16(0)
      .u16(track.kind === 'audio' ? FULL_VOLUME : 0)
      .u16(0);
    matrix(out);
    const { width, height } = track.kind === 'video' ? track : { width: 0, height: 0 };
    out.u16(Math.min(width, MAX_U16)).u16(0).u16(Math.min(height, MAX_U16)).u16(0);
  });
}

/** The unity matrix: 16.16 but for the last column, which is 2.30. */
function matrix(out: ByteWriter): void {
  for (const value of [UNITY, 0, 0, 0, UNITY, 0, 0, 0, 0x4000_0000]) out.u32(value);
}

function media(out: ByteWriter, track: CmafTrack, timescale: number): void {
  const isVideo = track.kind === 'video';
  const language = packLanguage(isVideo ? undefined : track.language);
  fullBox(out, 'mdhd', 0, 0, () => out.u32(0).u32(0).u32(timescale).u32(0).u16(language).u16(0));
  fullBox(out, 'hdlr', 0, 0, () =>
    out
      .u32(0)
      .utf8(isVideo ? 'vide' : 'soun')
      .fill(0, 12)
      .u8(0),
  );
  box(out, 'minf', () => {
    if (isVideo) fullBox(out, 'vmhd', 0, 1, () => out.fill(0, 8));
    else fullBox(out, 'smhd', 0, 0, () => out.fill(0, 4));
    box(out, 'dinf', () =>
      fullBox(out, 'dref', 0, 0, () => {
        out.u32(1);
        fullBox(out, 'url ', 0, SELF_CONTAINED, () => undefined);
      }),
    );
    box(out, 'stbl', () => {
      fullBox(out, 'stsd', 0, 0, () => {
        out.u32(1);
        if (isVideo) visualSampleEntry(out, track);
        else audioSampleEntry(out, track);
      });
      // All samples are in fragments: these tables are there and empty.
      for (const type of ['stts', 'stsc']) fullBox(out, type, 0, 0, () => out.u32(0));
      fullBox(out, 'stsz', 0, 0, () => out.u32(0).u32(0));
      fullBox(out, 'stco', 0, 0, () => out.u32(0));
    });
  });
}

/** Section 12.1.3, with the configuration of ISO/IEC 14496-15 sections 5.4.2.1 and 8.4.1.1, or of the binding of the codec. */
function visualSampleEntry(out: ByteWriter, track: CmafVideoTrack): void {
  const { codec, width, height } = track;
  const [entry, configuration] = CONFIGURATION_BOX[codec];
  box(out, entry, () => {
    out.fill(0, 6).u16(1).fill(0, 16);
    out.u16(Math.min(width, MAX_U16)).u16(Math.min(height, MAX_U16)).u32(RESOLUTION).u32(RESOLUTION).u32(0).u16(1);
    out.fill(0, COMPRESSOR_NAME_BYTES).u16(DEPTH).i16(-1);
    box(out, configuration, () => out.write(configurationOf(track)));
    if (track.colour !== undefined) colourInformation(out, track.colour);
    if (track.masteringDisplay !== undefined) masteringDisplayColourVolume(out, track.masteringDisplay);
    if (track.contentLight !== undefined) contentLightLevel(out, track.contentLight);
  });
}

/** Section 12.1.5, with code points of ITU-T H.273: for players that do not read the record of the codec. */
function colourInformation(out: ByteWriter, colour: ColourDescription): void {
  box(out, 'colr', () => {
    out.utf8('nclx').u16(colour.colourPrimaries).u16(colour.transferCharacteristics).u16(colour.matrixCoefficients);
    out.u8(colour.fullRange ? FULL_RANGE : 0);
  });
}

/** MasteringDisplayColourVolumeBox: chromaticities of green, blue, red and white in steps of 0.00002, and luminance in steps of 0.0001 cd/m². */
function masteringDisplayColourVolume(out: ByteWriter, display: CmafMasteringDisplay): void {
  const { redX, redY, greenX, greenY, blueX, blueY, whitePointX, whitePointY, maxLuminance, minLuminance } = display;
  box(out, 'mdcv', () => {
    for (const value of [greenX, greenY, blueX, blueY, redX, redY, whitePointX, whitePointY])
      out.u16(Math.round(value * CHROMATICITY_STEPS));
    for (const value of [maxLuminance, minLuminance]) out.u32(Math.round(value * LUMINANCE_STEPS));
  });
}

/** ContentLightLevelBox, in whole cd/m². */
function contentLightLevel(out: ByteWriter, light: CmafContentLight): void {
  const { maxContentLightLevel, maxPictureAverageLightLevel } = light;
  box(out, 'clli', () => out.u16(Math.round(maxContentLightLevel)).u16(Math.round(maxPictureAverageLightLevel)));
}

/** Section 12.2.3, with the descriptors of ISO/IEC 14496-14 section 6.7 for AAC and MP3, and the box of their binding for others. */
function audioSampleEntry(out: ByteWriter, track: CmafAudioTrack): void {
  const { codec, sampleRate, channels } = track;
  const [entry, configuration] = codec === 'aac' || codec === 'mp3' ? ['mp4a', undefined] : CONFIGURATION_BOX[codec];
  box(out, entry, () => {
    out.fill(0, 6).u16(1).fill(0, 8).u16(channels).u16(SAMPLE_SIZE).u32(0);
    out.u16(sampleRate > MAX_U16 ? 0 : sampleRate).u16(0);
    if (configuration === undefined) fullBox(out, 'esds', 0, 0, () => out.write(elementaryStream(track)));
    else box(out, configuration, () => out.write(configurationOf(track)));
  });
}

/** ISO/IEC 14496-1 section 7.2.6: tags of descriptors. */
const Descriptor = { elementaryStream: 3, decoderConfig: 4, decoderSpecificInfo: 5, slConfig: 6 } as const;
/** Table 5: audio of ISO/IEC 14496-3, of 11172-3, and of 13818-3, whose rates are half of those. */
const ObjectType = { mpeg4Audio: 0x40, mpeg1Audio: 0x6b, mpeg2Audio: 0x69 } as const;
const LOWEST_MPEG1_RATE = 32_000;
/** Table 6: an audio stream, and the bit behind it that is reserved. */
const AUDIO_STREAM = (5 << 2) | 1;
/** Section 7.3.2.3.2: as files have it. */
const SL_OF_MP4 = 2;

function elementaryStream({ record, ...track }: CmafAudioTrack): Buffer {
  // Frames of MP3 say everything themselves.
  const specific = record.length === 0 ? record : descriptor(Descriptor.decoderSpecificInfo, record);
  // Buffer size and bit rates are left open.
  const config = [Buffer.from([objectTypeOf(track), AUDIO_STREAM]), Buffer.alloc(11), specific];
  return descriptor(
    Descriptor.elementaryStream,
    Buffer.concat([
      Buffer.from([0, 0, 0]),
      descriptor(Descriptor.decoderConfig, Buffer.concat(config)),
      descriptor(Descriptor.slConfig, Buffer.from([SL_OF_MP4])),
    ]),
  );
}

function objectTypeOf({ codec, sampleRate }: Pick<CmafAudioTrack, 'codec' | 'sampleRate'>): number {
  if (codec === 'aac') return ObjectType.mpeg4Audio;
  return sampleRate < LOWEST_MPEG1_RATE ? ObjectType.mpeg2Audio : ObjectType.mpeg1Audio;
}

/** Section 8.3.3: the length has seven bits a byte, and a bit that says that more follow. */
function descriptor(tag: number, content: Uint8Array): Buffer {
  const length = content.length;
  const size = length < 0x80 ? [length] : [(length >> 7) | 0x80, length & 0x7f];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
