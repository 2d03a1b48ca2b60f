// Adobe Flash Video File Format 10.1, annex E.4.2.1 (AudioTagHeader) and Enhanced RTMP v2 (ExAudioTagHeader).
import { ByteReader, ByteWriter, ENDED_EARLY, ProtocolError } from '../bytes/index.ts';
import { AUDIO_BY_FOUR_CC, AudioFourCc, fourCcOf } from './four-cc.ts';
import { MOD_EX_PACKET_TYPE, readModEx, writeNanoOffset } from './mod-ex.ts';
import { encodeTracks, MultitrackType, readMultitrackType } from './multitrack.ts';
import type { MultitrackBody } from './multitrack.ts';

const PLACE = 'flv/audio-tag';

/** AudioPacketType; for legacy AAC the same numbers 0 and 1 are the AACPacketType. */
export const AudioPacketType = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  /** Order and layout of channels. */
  multichannelConfig: 4,
  multitrack: 5,
  modEx: MOD_EX_PACKET_TYPE,
} as const;

/** Codecs by name; what has no name here is `unknown`. `none`: the message has no single codec. */
export type AudioCodec =
  | keyof typeof AudioFourCc
  | 'pcm'
  | 'adpcm'
  | 'pcm-le'
  | 'nellymoser'
  | 'g711-a'
  | 'g711-mu'
  | 'speex'
  | 'device'
  | 'unknown'
  | 'none';

/** SoundFormat of legacy tags; 9 announces the extended header. */
const LEGACY_CODECS: readonly AudioCodec[] = [
  'pcm',
  'adpcm',
  'mp3',
  'pcm-le',
  'nellymoser',
  'nellymoser',
  'nellymoser',
  'g711-a',
  'g711-mu',
  'none',
  'aac',
  'speex',
  'unknown',
  'unknown',
  'mp3',
  'device',
];
const EX_HEADER = 9;
const LEGACY_AAC = 10;
const LEGACY_MP3 = 2;

export interface AudioTag {
  readonly codec: AudioCodec;
  /** The FourCC of an extended tag, 0 otherwise. */
  readonly fourCc: number;
  /** Whether the tag has the extended header of Enhanced RTMP. */
  readonly extended: boolean;
  /** One of `AudioPacketType`. Legacy codecs other than AAC have coded frames only. */
  readonly packetType: number;
  /** SoundRate, SoundSize and SoundType of a legacy tag, as in the low four bits; AAC and MP3 ignore them. */
  readonly soundBits: number;
  /** Nanoseconds to add to the message's timestamp. */
  readonly nanoOffset: number;
  /** What kind of multitrack message this is; its tracks come from `readTracks`. */
  readonly multitrack: MultitrackType | undefined;
  /** Where the codec's data begins in the message. */
  readonly dataOffset: number;
}

/**
 * Reads the header of an audio message (the body of an FLV audio tag). The payload is neither kept nor copied: the data is
 * `payload.subarray(tag.dataOffset)`. Knows only where headers end; whether a codec is welcome is the caller's matter.
 * @throws ProtocolError when the message is shorter than its header
 */
export function readAudioTag(payload: Uint8Array): AudioTag {
  const first = payload[0];
  if (first === undefined) throw new ProtocolError(ENDED_EARLY, PLACE, 'empty message');
  const format = first >> 4;
  if (format === EX_HEADER) return readExAudioTag(payload, first & 15);
  let packetType: number = AudioPacketType.codedFrames;
  let dataOffset = 1;
  if (format === LEGACY_AAC) {
    if (payload.length < 2) throw new ProtocolError(ENDED_EARLY, PLACE, '1 of 2 header bytes');
    packetType = payload[1]!;
    dataOffset = 2;
  }
  return {
    codec: LEGACY_CODECS[format] ?? 'unknown',
    fourCc: 0,
    extended: false,
    packetType,
    soundBits: first & 15,
    nanoOffset: 0,
    multitrack: undefined,
    dataOffset,
  };
}

function readExAudioTag(payload: Uint8Array, firstPacketType: number): AudioTag {
  const reader = new ByteReader(payload, 'flv/ex-audio-tag', 1);
  let packetType = firstPacketType;
  let nanoOffset = 0;
  if (packetType === AudioPacketType.modEx) ({ packetType, nanoOffset } = readModEx(reader));
  let multitrack: MultitrackType | undefined;
  if (packetType === AudioPacketType.multitrack) {
    ({ type: multitrack, packetType } = readMultitrackType(reader, AudioPacketType.multitrack));
  }
  const fourCc = multitrack === MultitrackType.manyTracksManyCodecs ? 0 : reader.u32();
  return {
    codec: fourCc === 0 ? 'none' : (AUDIO_BY_FOUR_CC.get(fourCc) ?? 'unknown'),
    fourCc,
    extended: true,
    packetType,
    soundBits: 0,
    nanoOffset,
    multitrack,
    dataOffset: reader.offset,
  };
}

/**
 * One track of a multitrack message, as if it had come in a message of its own.
 * @param track one of those that `readTracks` found; `dataOffset` is that in its body
 */
export function audioTagOfTrack(tag: AudioTag, { fourCc }: MultitrackBody): AudioTag {
  const codec = AUDIO_BY_FOUR_CC.get(fourCc) ?? 'unknown';
  return { ...tag, codec, fourCc, multitrack: undefined, dataOffset: 0 };
}

/** Writes the legacy header of an AAC message: two bytes. "AAC: SoundRate 3, SoundSize 1, SoundType 1" always. */
export function encodeAacTagHeader(packetType: number): Buffer {
  return Buffer.from([(LEGACY_AAC << 4) | 15, packetType]);
}

/** Writes the legacy header of an MP3 message: one byte. */
export function encodeMp3TagHeader(soundBits: number): Buffer {
  return Buffer.from([(LEGACY_MP3 << 4) | soundBits]);
}

/** Writes an extended header for one track. */
export function encodeExAudioTagHeader(header: {
  readonly codec: keyof typeof AudioFourCc;
  readonly packetType: number;
  readonly nanoOffset: number;
}): Buffer {
  const writer = new ByteWriter();
  if (header.nanoOffset > 0) {
    writer.u8((EX_HEADER << 4) | AudioPacketType.modEx);
    writeNanoOffset(writer, header.nanoOffset, header.packetType);
  } else {
    writer.u8((EX_HEADER << 4) | header.packetType);
  }
  return writer.u32(fourCcOf(AudioFourCc[header.codec])).toBuffer();
}

/** Writes a message of several tracks. */
export function encodeAudioTracks(
  header: { readonly type: MultitrackType; readonly packetType: number; readonly nanoOffset: number },
  tracks: readonly MultitrackBody[],
): Buffer {
  const writer = new ByteWriter();
  if (header.nanoOffset > 0) {
    writer.u8((EX_HEADER << 4) | AudioPacketType.modEx);
    writeNanoOffset(writer, header.nanoOffset, AudioPacketType.multitrack);
  } else {
    writer.u8((EX_HEADER << 4) | AudioPacketType.multitrack);
  }
  return writer.write(encodeTracks(header.type, header.packetType, tracks)).toBuffer();
}
