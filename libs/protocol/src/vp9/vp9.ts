// VP9 Bitstream & Decoding Process Specification section 6.2: the uncompressed header of a frame, as far as the size.
// "VP Codec ISO Media File Format Binding": VPCodecConfigurationRecord, the body of a sequence start of Enhanced RTMP.
import { BitReader, ByteReader, ByteWriter, ProtocolError } from '../bytes/index.ts';

const PLACE = 'vp9/frame-header';
const FRAME_MARKER = 2;
const SYNC_CODE = 0x498342;
/** Section 7.2.2: color_space. */
const SRGB = 7;
/** Profile, level, bit depth and the like; colours; size of what follows, which is 0 for VP9. */
const RECORD_BYTES = 8;
/** Version and flags, which FFmpeg writes before the record as in a file. */
const FULL_BOX_BYTES = 4;
const FULL_BOX_VERSION = 1;
/** Behind the record, for readers here: width and height, which it does not tell. */
const SIZE_BYTES = 4;
/** Table of the binding: 4:2:0 with its samples between those of the picture, 4:2:2, 4:4:4. */
const Chroma = { c420: 1, c422: 2, c444: 3 } as const;
const UNSPECIFIED = 2;
/** Level 1: written where no record tells another one. */
const LOWEST_LEVEL = 10;

/** A frame, or the first one of a superframe. */
export interface Vp9FrameHeader {
  readonly profile: number;
  /** A keyframe says its size and format; whether it is shown makes no difference to a decoder. */
  readonly keyframe: Vp9Format | undefined;
}

export interface Vp9Format {
  readonly bitDepth: number;
  readonly chroma: number;
  readonly fullRange: boolean;
  readonly width: number;
  readonly height: number;
}

/**
 * Reads the header of a frame.
 * @throws ProtocolError when it is none
 */
export function decodeVp9FrameHeader(bytes: Uint8Array): Vp9FrameHeader {
  const reader = new BitReader(bytes, PLACE);
  const marker = reader.bits(2);
  if (marker !== FRAME_MARKER) throw new ProtocolError('vp9.marker', PLACE, `frame_marker ${marker}`);
  const profile = reader.bits(1) + 2 * reader.bits(1);
  if (profile === 3 && reader.flag()) throw new ProtocolError('vp9.profile', PLACE, 'a reserved profile');
  // show_existing_frame, frame_type.
  if (reader.flag() || reader.flag()) return { profile, keyframe: undefined };
  // show_frame, error_resilient_mode.
  reader.bits(2);
  if (reader.bits(24) !== SYNC_CODE) throw new ProtocolError('vp9.sync-code', PLACE, 'no sync code');
  const bitDepth = profile < 2 ? 8 : reader.flag() ? 12 : 10;
  const isSrgb = reader.bits(3) === SRGB;
  const fullRange = isSrgb || reader.flag();
  let chroma: number = isSrgb ? Chroma.c444 : Chroma.c420;
  if ((profile & 1) !== 0) {
    if (!isSrgb) chroma = reader.flag() ? Chroma.c422 : Chroma.c444;
    if (!isSrgb && reader.flag() && chroma === Chroma.c422) chroma = Chroma.c420;
    reader.bits(1);
  }
  const [width, height] = [reader.bits(16) + 1, reader.bits(16) + 1];
  return { profile, keyframe: { bitDepth, chroma, fullRange, width, height } };
}

export interface Vp9Configuration {
  readonly profile: number;
  readonly level: number;
  readonly bitDepth: number;
  readonly chroma: number;
  readonly fullRange: boolean;
  /** ITU-T H.273; 2 where it is not said. */
  readonly colourPrimaries: number;
  readonly transferCharacteristics: number;
  readonly matrixCoefficients: number;
  /** Of the last keyframe; undefined in a record that an encoder sent. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
}

/**
 * Reads a record, with or without what a file has before it, and with the size that `encodeVp9Configuration` has put behind it.
 * @throws ProtocolError when it is none
 */
export function decodeVp9Configuration(bytes: Uint8Array): Vp9Configuration {
  const isFullBox = bytes.length === FULL_BOX_BYTES + RECORD_BYTES && bytes[0] === FULL_BOX_VERSION && bytes[1] === 0;
  const reader = new ByteReader(bytes, 'vp9/configuration', isFullBox && bytes[2] === 0 ? FULL_BOX_BYTES : 0);
  const [profile, level, format] = [reader.u8(), reader.u8(), reader.u8()];
  const [colourPrimaries, transferCharacteristics, matrixCoefficients] = [reader.u8(), reader.u8(), reader.u8()];
  const bitDepth = format >> 4;
  const isKnown = profile <= 3 && (bitDepth === 8 || bitDepth === 10 || bitDepth === 12);
  if (!isKnown) throw new ProtocolError('vp9.config.format', reader.place, `profile ${profile}, ${bitDepth} bits`);
  reader.take(reader.u16());
  const size = reader.remaining >= SIZE_BYTES ? { width: reader.u16(), height: reader.u16() } : undefined;
  return {
    profile,
    level,
    bitDepth,
    chroma: (format >> 1) & 7,
    fullRange: (format & 1) !== 0,
    colourPrimaries,
    transferCharacteristics,
    matrixCoefficients,
    size,
  };
}

/** The record of a file: the content of a `vpcC` box behind its version and flags. */
export function encodeVp9Record(configuration: Vp9Configuration): Buffer {
  const { profile, level, bitDepth, chroma, fullRange } = configuration;
  return new ByteWriter()
    .u8(profile)
    .u8(level)
    .u8((bitDepth << 4) | (chroma << 1) | (fullRange ? 1 : 0))
    .u8(configuration.colourPrimaries)
    .u8(configuration.transferCharacteristics)
    .u8(configuration.matrixCoefficients)
    .u16(0)
    .toBuffer();
}

/** The same, with the size behind it, where it is known: what the frames of a stream need before them. */
export function encodeVp9Configuration(configuration: Vp9Configuration): Buffer {
  const { size } = configuration;
  const record = encodeVp9Record(configuration);
  return size === undefined ? record : new ByteWriter().write(record).u16(size.width).u16(size.height).toBuffer();
}

/** What is to be known of frames from a keyframe on. @param given what the encoder's record says beyond it */
export function vp9ConfigurationOf(
  profile: number,
  { width, height, ...format }: Vp9Format,
  given: Vp9Configuration | undefined,
): Vp9Configuration {
  return {
    level: LOWEST_LEVEL,
    colourPrimaries: UNSPECIFIED,
    transferCharacteristics: UNSPECIFIED,
    matrixCoefficients: UNSPECIFIED,
    ...given,
    profile,
    ...format,
    // A record also says where the samples of 4:2:0 lie.
    chroma:
      given !== undefined && given.chroma <= Chroma.c420 && format.chroma === Chroma.c420
        ? given.chroma
        : format.chroma,
    size: { width: Math.min(width, 0xffff), height: Math.min(height, 0xffff) },
  };
}

/** "Codecs Parameter String" of the binding: `vp09.`, profile, level and bit depth in two digits each. */
export function vp9CodecString({ profile, level, bitDepth }: Vp9Configuration): string {
  return `vp09.${[profile, level, bitDepth].map((value) => String(value).padStart(2, '0')).join('.')}`;
}
