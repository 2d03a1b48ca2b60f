// What the rest of the system asks of a codec. One file per codec answers it; codecs.ts lists them.
import type { Codec, FrameKind } from '@millrace/domain';
import type { ColorInfo } from '@millrace/protocol/flv';
import type { ColourDescription } from '@millrace/protocol/nal';

/** Codecs that have rules. */
export type MediaCodec = Exclude<Codec, typeof Codec.none>;

/** What is in the payload of a frame. */
export interface Inspection {
  /** Whether a decoder may start with it. */
  readonly keyframe: boolean;
  /** Whether a decoder gets a picture, or sound, out of it. */
  readonly decodable: boolean;
}

/** The three answers, so that asking allocates nothing. */
export const Inspected = {
  keyframe: { keyframe: true, decodable: true },
  decodable: { keyframe: false, decodable: true },
  unusable: { keyframe: false, decodable: false },
} as const satisfies Record<string, Inspection>;

/** What players are told of a track before they open it. Undefined: its configuration does not say. */
export interface TrackDescription {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly frameRate?: number | undefined;
  readonly videoRange?: VideoRange | undefined;
  readonly colour?: ColourDescription | undefined;
  /** Of HDR: what its encoder says beside the bit stream. */
  readonly masteringDisplay?: MasteringDisplay | undefined;
  readonly contentLight?: ContentLight | undefined;
  readonly channels?: number | undefined;
}

/** SMPTE ST 2086: the display that the material was mastered on. Chromaticities from 0 to 1, luminance in cd/m². */
export type MasteringDisplay = Required<NonNullable<ColorInfo['hdrMdcv']>>;

/** CTA-861.3: the brightest pixel, and the brightest picture on average, in cd/m². */
export interface ContentLight {
  readonly maxContentLightLevel: number;
  readonly maxPictureAverageLightLevel: number;
}

/** How bright pictures may be (VIDEO-RANGE of HLS): by ITU-R BT.2100, or as ever. */
export type VideoRange = 'SDR' | 'HLG' | 'PQ';

/** ITU-T H.273 table 3: SMPTE ST 2084 and ARIB STD-B67. "Unspecified", and what is kept for later, say nothing. */
const RANGES: Readonly<Record<number, VideoRange>> = { 16: 'PQ', 18: 'HLG' };
const UNSPECIFIED: readonly number[] = [0, 2, 3];

const videoRangeOf = (transferCharacteristics: number): VideoRange | undefined =>
  UNSPECIFIED.includes(transferCharacteristics) ? undefined : (RANGES[transferCharacteristics] ?? 'SDR');

/** What a configuration says of colours; nothing where all of it is left open. */
export function describeColour(said: ColourDescription | undefined): Pick<TrackDescription, 'videoRange' | 'colour'> {
  if (said === undefined) return {};
  const { colourPrimaries, transferCharacteristics, matrixCoefficients, fullRange } = said;
  const colour = { colourPrimaries, transferCharacteristics, matrixCoefficients, fullRange };
  const isOpen = [colourPrimaries, transferCharacteristics, matrixCoefficients].every((code) =>
    UNSPECIFIED.includes(code),
  );
  return isOpen ? {} : { videoRange: videoRangeOf(transferCharacteristics), colour };
}

/**
 * What holds of colours where an encoder describes them twice (docs/decisions/0071). Its bit stream is what decoders go by: it wins, code
 * point by code point. What it leaves open is what the encoder says beside it. Metadata of HDR belong to HDR alone.
 */
export function withColoursBeside(
  description: TrackDescription,
  { colorConfig = {}, hdrMdcv = {}, hdrCll = {} }: ColorInfo,
): TrackDescription {
  const said = description.colour ?? NOTHING_SAID;
  const either = (inBitStream: number, beside: number | undefined): number =>
    UNSPECIFIED.includes(inBitStream) ? Math.trunc(beside ?? inBitStream) : inBitStream;
  const colours = describeColour({
    colourPrimaries: either(said.colourPrimaries, colorConfig.colorPrimaries),
    transferCharacteristics: either(said.transferCharacteristics, colorConfig.transferCharacteristics),
    matrixCoefficients: either(said.matrixCoefficients, colorConfig.matrixCoefficients),
    fullRange: said.fullRange,
  });
  const isHdr = colours.videoRange === 'PQ' || colours.videoRange === 'HLG';
  const { maxCLL, maxFall } = hdrCll;
  return {
    ...description,
    ...colours,
    ...(isHdr && isWhole(hdrMdcv) && { masteringDisplay: hdrMdcv }),
    ...(isHdr &&
      maxCLL !== undefined &&
      maxFall !== undefined && {
        contentLight: { maxContentLightLevel: maxCLL, maxPictureAverageLightLevel: maxFall },
      }),
  };
}

const NOTHING_SAID: ColourDescription = {
  colourPrimaries: 2,
  transferCharacteristics: 2,
  matrixCoefficients: 2,
  fullRange: false,
};
const CHROMATICITIES = ['redX', 'redY', 'greenX', 'greenY', 'blueX', 'blueY', 'whitePointX', 'whitePointY'] as const;

/** A display is described as a whole, or not at all. */
const isWhole = (display: NonNullable<ColorInfo['hdrMdcv']>): display is MasteringDisplay =>
  [...CHROMATICITIES, 'maxLuminance' as const, 'minLuminance' as const].every((name) => display[name] !== undefined);

interface Rules<Configuration> {
  readonly codec: MediaCodec;
  /** Whether frames need a configuration record before them; without, each frame says all that is to be known. */
  readonly hasRecord: boolean;
  /**
   * Reads a configuration record. What it returns may hold views of the record.
   * @throws ProtocolError when no decoder could do anything with it
   */
  readConfiguration(record: Uint8Array): Configuration;
  inspect(payload: Uint8Array, configuration: Configuration): Inspection;
  /** How long a frame lasts in 90 kHz ticks, not rounded; undefined where only the next frame tells. */
  duration90k(payload: Uint8Array, configuration: Configuration): number | undefined;
  /** The name of the track in `CODECS` and in MIME types (RFC 6381). */
  codecString(configuration: Configuration): string;
  describe(configuration: Configuration): TrackDescription;
}

export interface VideoRules<Configuration = unknown> extends Rules<Configuration> {
  readonly kind: typeof FrameKind.video;
  openReader(): PictureReader;
}

export interface AudioRules<Configuration = unknown> extends Rules<Configuration> {
  readonly kind: typeof FrameKind.audio;
  openReader(): SoundReader;
  /** A frame without sound; undefined where the codec has none for this configuration. */
  silence(configuration: Configuration): Uint8Array | undefined;
}

export type CodecRules = VideoRules | AudioRules;

/** What a picture, or a part of one, contains, as bits. */
export const PictureFlag = {
  /** There is a picture, or a part of it. */
  picture: 1,
  /** A decoder may start here, and everything behind it can be decoded. */
  keyframe: 2,
  /** The encoder says that decoding may start here, although earlier pictures are referred to. */
  recoveryPoint: 4,
  /** Part of it is predicted from other pictures. */
  predicted: 8,
  /** Parameters that belong into the configuration record. */
  parameters: 16,
} as const;

/** Reads what an encoder sends of one track of pictures, and puts right what decoders tolerate. */
export interface PictureReader {
  /** Bits of `PictureFlag` of what was read last. */
  readonly contents: number;
  /** Whether what was read last begins a picture, rather than going on with one. */
  readonly beginsPicture: boolean;
  /** The configuration record that pictures need from now on; undefined before there is one. Another object when it changes. */
  readonly record: Uint8Array | undefined;
  /** What `configure` would make of a record: `new` counts, the others change nothing. */
  judge(record: Buffer): 'new' | 'repeated' | 'unusable';
  /** Takes a record that is `new`. */
  configure(record: Buffer): void;
  /** @returns the bytes in the form of frames, `payload` itself where it has that form; undefined when no decoder could read them */
  read(payload: Buffer): Buffer | undefined;
  /** Takes note of a whole picture before it is passed on: what it says may change `record`. @param contents bits of `PictureFlag` */
  settle(picture: Buffer, contents: number): void;
  /** Whether what follows the newest `record` needs a place to start; says so once. */
  takeRestart(): boolean;
}

/** Why a message of sound, or the rest of it, was not read. */
export type SoundFault = 'empty_frame' | 'malformed_frame' | 'bad_configuration' | 'no_configuration';

/** Reads what an encoder sends of one track of sound: a cursor over the frames of one message after the other. */
export interface SoundReader {
  /** The configuration record that frames need; undefined while there is none. Another object when it changes. */
  readonly record: Uint8Array | undefined;
  /** What the encoder sends and no container here has a form for; undefined for all else. Safe to log. */
  readonly notCarried: string | undefined;
  /** @returns false when it cannot be read: what was known stays in force */
  configure(record: Buffer): boolean;
  /** Says how many channels there are, 1 to 8, where no record does; absent where each record or frame does. */
  arrange?(channels: number): void;
  /** The encoder sends another codec now: the next frame needs a new record. */
  forget(): void;
  /** Begins with the body of a message. */
  open(body: Buffer): void;
  /** Moves to the next frame of it. @returns false at the end, and where the rest cannot be read (`fault`) */
  next(): boolean;
  /** The frame: a view of the message. Empty for a frame that takes time and has no sound. */
  readonly payload: Buffer;
  readonly duration90k: number;
  readonly fault: SoundFault | undefined;
}
