// What an encoder describes before it publishes: which of its media are carried, and how they are packed.
import { Codec } from '@millrace/domain';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import { MAX_AAC_ACCESS_UNIT_BYTES } from '@millrace/protocol/aac';
import { H264_PARAMETER_SETS } from '@millrace/protocol/h264';
import { H265_PARAMETER_SETS } from '@millrace/protocol/h265';
import { MAX_NAL_UNITS, ParameterSetStore } from '@millrace/protocol/nal';
import type { ParameterSetSyntax } from '@millrace/protocol/nal';
import { encodeOpusHead, opusConfigurationOf } from '@millrace/protocol/opus';
import {
  aacPayloadFormatOf,
  AacPayloadReader,
  Ac3PayloadReader,
  Av1PayloadReader,
  decodeStreamMuxConfig,
  H264_PAYLOAD,
  H265_PAYLOAD,
  LatmPayloadReader,
  MpegAudioPayloadReader,
  NalPayloadReader,
  Vp9PayloadReader,
} from '@millrace/protocol/rtp';
import type { PicturePayloadReader } from '@millrace/protocol/rtp';
import type { SdpFormat, SdpMedia, SessionDescription } from '@millrace/protocol/sdp';

interface OfTrack {
  /** Its place among the media of the description. */
  readonly index: number;
  readonly control: string | undefined;
  readonly payloadType: number;
  readonly clockRate: number;
}

export interface AnnouncedVideo extends OfTrack {
  readonly kind: 'video';
  readonly codec: typeof Codec.h264 | typeof Codec.h265 | typeof Codec.av1 | typeof Codec.vp9;
  /** Puts pictures together. @param maxBytes of one picture */
  readonly openReader: (maxBytes: number) => PicturePayloadReader;
  /** As the description says; undefined when the parameters come in the stream only. */
  readonly record: Buffer | undefined;
}

export interface AnnouncedAudio extends OfTrack {
  readonly kind: 'audio';
  readonly codec: typeof Codec.aac | typeof Codec.opus | typeof Codec.mp3 | typeof Codec.ac3 | typeof Codec.eac3;
  /** Undefined where each frame says what there is to know. */
  readonly record: Buffer | undefined;
  /** Takes frames out of packets; undefined where each packet is one: Opus (RFC 7587 section 4.2). */
  readonly openReader: (() => SoundPayloadReader) | undefined;
}

export interface SoundPayloadReader {
  /** @returns the frames that are whole. @throws ProtocolError */
  push(payload: Buffer, marker: boolean): Buffer[];
  /** Packets have been lost. */
  drop(): void;
}

/** A track that is set up as the client wants, and whose packets are left out. */
export interface IgnoredTrack extends OfTrack {
  readonly kind: 'ignored';
  readonly medium: 'video' | 'audio' | undefined;
  /** What it is; undefined for one beside the track that is carried. Safe to log. */
  readonly unsupported: string | undefined;
}

export type AnnouncedTrack = AnnouncedVideo | AnnouncedAudio | IgnoredTrack;

/** One of each kind is carried: the first one whose codec is. */
export function announcedTracks({ media }: SessionDescription): AnnouncedTrack[] {
  const taken = new Set<string>();
  return media.map((medium, index) => {
    const track = readTrack(medium, index);
    if (track.kind === 'ignored') return track;
    if (taken.has(track.kind)) return ignored(medium, index, undefined);
    taken.add(track.kind);
    return track;
  });
}

function readTrack(medium: SdpMedia, index: number): AnnouncedTrack {
  const [format] = medium.formats;
  if (format === undefined) return ignored(medium, index, 'not RTP');
  const track = medium.kind === 'video' ? readVideo(medium, format, index) : readAudio(medium, format, index);
  return track ?? ignored(medium, index, nameOf(format));
}

const ofTrack = ({ control }: SdpMedia, { payloadType, clockRate }: SdpFormat, index: number): OfTrack => ({
  index,
  control,
  payloadType,
  clockRate: clockRate ?? VIDEO_CLOCK,
});

const VIDEO_CLOCK = 90_000;

function ignored(medium: SdpMedia, index: number, unsupported: string | undefined): IgnoredTrack {
  const { kind, formats } = medium;
  const known = kind === 'video' || kind === 'audio' ? kind : undefined;
  const format = formats[0] ?? {
    payloadType: 0,
    clockRate: undefined,
    encoding: undefined,
    channels: undefined,
    parameters: new Map<string, string>(),
  };
  return { kind: 'ignored', ...ofTrack(medium, format, index), medium: known, unsupported };
}

/** RFC 3551 section 6: payload types that need no `rtpmap`. */
const STATIC: Readonly<Record<number, string>> = {
  0: 'PCMU',
  8: 'PCMA',
  9: 'G722',
  26: 'JPEG',
  32: 'MPV',
  33: 'MP2T',
};
const nameOf = ({ encoding, payloadType }: SdpFormat): string =>
  encoding?.slice(0, 32) ?? STATIC[payloadType] ?? `payload type ${payloadType}`;

interface NalCodec {
  readonly codec: typeof Codec.h264 | typeof Codec.h265;
  readonly payload: typeof H264_PAYLOAD;
  readonly sets: ParameterSetSyntax;
  readonly names: readonly string[];
}

const NAL_CODECS: Readonly<Record<string, NalCodec>> = {
  // RFC 6184 section 8.1; RFC 7798 section 7.1.
  H264: { codec: Codec.h264, payload: H264_PAYLOAD, sets: H264_PARAMETER_SETS, names: ['sprop-parameter-sets'] },
  H265: {
    codec: Codec.h265,
    payload: H265_PAYLOAD,
    sets: H265_PARAMETER_SETS,
    names: ['sprop-vps', 'sprop-sps', 'sprop-pps'],
  },
};

/** What says all that is to be known in the stream. RFC 9628 section 6.1; section 7.1 of the payload format of AV1. */
const OTHER_VIDEO: Readonly<Record<string, Pick<AnnouncedVideo, 'codec' | 'openReader'>>> = {
  AV1: { codec: Codec.av1, openReader: (maxBytes) => new Av1PayloadReader(maxBytes) },
  VP9: { codec: Codec.vp9, openReader: (maxBytes) => new Vp9PayloadReader(maxBytes) },
};

function readVideo(medium: SdpMedia, format: SdpFormat, index: number): AnnouncedVideo | undefined {
  const other = OTHER_VIDEO[format.encoding ?? ''];
  if (other !== undefined) return { kind: 'video', ...ofTrack(medium, format, index), ...other, record: undefined };
  const nal = NAL_CODECS[format.encoding ?? ''];
  if (nal === undefined || (format.parameters.get('packetization-mode') ?? '0') === '2') return undefined;
  if (Number(format.parameters.get('sprop-max-don-diff') ?? 0) > 0) return undefined;
  const store = new ParameterSetStore(nal.sets);
  for (const name of nal.names)
    for (const text of (format.parameters.get(name) ?? '').split(','))
      if (text !== '') store.add(Buffer.from(text, 'base64'));
  const record = store.isComplete ? store.toRecord(4) : undefined;
  const openReader = (maxBytes: number): PicturePayloadReader =>
    new NalPayloadReader(nal.payload, { maxBytes, maxNalUnits: MAX_NAL_UNITS });
  return { kind: 'video', ...ofTrack(medium, format, index), codec: nal.codec, openReader, record };
}

/** RFC 2250 section 3.5 with RFC 3551 section 4.5.13, RFC 4184 section 5.1, RFC 4598 section 5.1: nothing has to be described. */
const OTHER_AUDIO: Readonly<Record<string, Pick<AnnouncedAudio, 'codec' | 'openReader'>>> = {
  MPA: { codec: Codec.mp3, openReader: () => new MpegAudioPayloadReader() },
  AC3: { codec: Codec.ac3, openReader: () => new Ac3PayloadReader(MAX_AC3_BYTES) },
  EAC3: { codec: Codec.eac3, openReader: () => new Ac3PayloadReader(MAX_AC3_BYTES, true) },
};
/** RFC 3551 section 6: what a description may name by its number alone. */
const MPEG_AUDIO_TYPE = 14;
/** The longest access unit: eight substreams of Enhanced AC-3 with 4,096 bytes each. */
const MAX_AC3_BYTES = 8 * 4_096;

function readAudio(medium: SdpMedia, format: SdpFormat, index: number): AnnouncedAudio | undefined {
  const { clockRate, parameters, payloadType } = format;
  const encoding = format.encoding ?? (payloadType === MPEG_AUDIO_TYPE ? 'MPA' : undefined);
  const other = medium.kind === 'audio' ? OTHER_AUDIO[encoding ?? ''] : undefined;
  if (other !== undefined) return { kind: 'audio', ...ofTrack(medium, format, index), ...other, record: undefined };
  if (medium.kind !== 'audio' || clockRate === undefined) return undefined;
  const base = { kind: 'audio', ...ofTrack(medium, format, index), clockRate } as const;
  // RFC 7587 section 4.2: always two channels in the description; the packets say what there is.
  if (encoding === 'OPUS')
    return { ...base, codec: Codec.opus, record: encodeOpusHead(opusConfigurationOf(2)), openReader: undefined };
  const config = parameters.get('config') ?? '';
  if (!/^([0-9a-f]{2}){2,64}$/i.test(config)) return undefined;
  const bytes = Buffer.from(config, 'hex');
  if (encoding === 'MP4A-LATM') {
    const latm = decodeOrUndefined(decodeStreamMuxConfig, bytes);
    if (latm === undefined || parameters.get('cpresent') !== '0') return undefined;
    const openReader = (): SoundPayloadReader => new LatmPayloadReader(latm, MAX_AUDIO_BYTES);
    return { ...base, codec: Codec.aac, record: latm.record, openReader };
  }
  const aac = encoding === 'MPEG4-GENERIC' ? aacPayloadFormatOf(parameters) : undefined;
  const openReader = aac && ((): SoundPayloadReader => new AacPayloadReader(aac, MAX_AUDIO_BYTES));
  return openReader && { ...base, codec: Codec.aac, record: bytes, openReader };
}

/** The longest access unit of AAC that any container here has room for. */
const MAX_AUDIO_BYTES = MAX_AAC_ACCESS_UNIT_BYTES;
