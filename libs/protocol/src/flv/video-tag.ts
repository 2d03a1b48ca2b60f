// Adobe Flash Video File Format 10.1, annex E.4.3.1 (VideoTagHeader) and Enhanced RTMP v2 (ExVideoTagHeader).
import { ByteReader, ByteWriter, ENDED_EARLY, ProtocolError } from '../bytes/index.ts';
import { fourCcOf, VIDEO_BY_FOUR_CC, VideoFourCc } from './four-cc.ts';
import { MOD_EX_PACKET_TYPE, readModEx, writeNanoOffset } from './mod-ex.ts';
import { encodeTracks, MultitrackType, readMultitrackType } from './multitrack.ts';
import type { MultitrackBody } from './multitrack.ts';

const PLACE = 'flv/video-tag';

/** FrameType. A receiver must not believe `keyframe`: see `classifyAccessUnit`. */
export const VideoFrameType = { keyframe: 1, inter: 2, disposable: 3, generated: 4, command: 5 } as const;

/** VideoPacketType; for legacy AVC the same numbers are the AVCPacketType. */
export const VideoPacketType = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  /** Coded frames whose composition offset is 0 and left out. */
  codedFramesX: 3,
  /** AMF: colour information and the like. */
  metadata: 4,
  mpeg2TsSequenceStart: 5,
  multitrack: 6,
  modEx: MOD_EX_PACKET_TYPE,
} as const;

/** Codecs by name; what has no name here is `unknown`. `none`: the message has no single codec. */
export type VideoCodec =
  keyof typeof VideoFourCc | 'sorenson-h263' | 'screen' | 'vp6' | 'vp6-alpha' | 'screen-2' | 'unknown' | 'none';

/** CodecID of legacy tags. */
const LEGACY_CODECS: readonly VideoCodec[] = [
  'unknown',
  'unknown',
  'sorenson-h263',
  'screen',
  'vp6',
  'vp6-alpha',
  'screen-2',
  'h264',
];
const LEGACY_AVC = 7;
/** CodecID 12 came into use for HEVC before Enhanced RTMP had a FourCC for it. */
const LEGACY_HEVC = 12;

export interface VideoTag {
  readonly codec: VideoCodec;
  /** The FourCC of an extended tag, 0 otherwise. */
  readonly fourCc: number;
  /** Whether the tag has the extended header of Enhanced RTMP. */
  readonly extended: boolean;
  /** One of `VideoFrameType`, or what the sender made up. */
  readonly frameType: number;
  /** One of `VideoPacketType`. Legacy codecs other than AVC have coded frames only. */
  readonly packetType: number;
  /** Presentation time minus decode time, in milliseconds; may be negative. */
  readonly compositionTimeMs: number;
  /** Nanoseconds to add to the message's timestamp. */
  readonly nanoOffset: number;
  /** What kind of multitrack message this is; its tracks come from `readTracks`. */
  readonly multitrack: MultitrackType | undefined;
  /** Where the codec's data begins in the message. */
  readonly dataOffset: number;
}

/**
 * Reads the header of a video message (the body of an FLV video tag). The payload is neither kept nor copied: the data is
 * `payload.subarray(tag.dataOffset)`. Knows only where headers end; whether a codec is welcome is the caller's matter.
 * @throws ProtocolError when the message is shorter than its header
 */
export function readVideoTag(payload: Uint8Array): VideoTag {
  const first = payload[0];
  if (first === undefined) throw new ProtocolError(ENDED_EARLY, PLACE, 'empty message');
  if (first >= 0x80) return readExVideoTag(payload, first);
  const frameType = first >> 4;
  const codecId = first & 15;
  if (codecId !== LEGACY_AVC && codecId !== LEGACY_HEVC) {
    return videoTag(LEGACY_CODECS[codecId] ?? 'unknown', frameType, VideoPacketType.codedFrames, 0, 1);
  }
  // AVCPacketType and CompositionTime. A command frame (seek) has a single byte instead.
  if (frameType === VideoFrameType.command) return videoTag('h264', frameType, VideoPacketType.codedFrames, 0, 1);
  if (payload.length < 5) throw new ProtocolError(ENDED_EARLY, PLACE, `${payload.length} of 5 header bytes`);
  const packetType = payload[1]!;
  const offset = packetType === VideoPacketType.codedFrames ? signed24(payload, 2) : 0;
  return videoTag(codecId === LEGACY_AVC ? 'h264' : 'h265', frameType, packetType, offset, 5);
}

function videoTag(
  codec: VideoCodec,
  frameType: number,
  packetType: number,
  compositionTimeMs: number,
  dataOffset: number,
): VideoTag {
  return {
    codec,
    fourCc: 0,
    extended: false,
    frameType,
    packetType,
    compositionTimeMs,
    nanoOffset: 0,
    multitrack: undefined,
    dataOffset,
  };
}

const signed24 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) >> 8) | (bytes[at + 1]! << 8) | bytes[at + 2]!;

function readExVideoTag(payload: Uint8Array, first: number): VideoTag {
  const reader = new ByteReader(payload, 'flv/ex-video-tag', 1);
  const frameType = (first >> 4) & 7;
  let packetType = first & 15;
  let nanoOffset = 0;
  if (packetType === VideoPacketType.modEx) ({ packetType, nanoOffset } = readModEx(reader));
  const head = { extended: true, frameType, nanoOffset, fourCc: 0, compositionTimeMs: 0, multitrack: undefined };
  // "ExVideoTagBody has no payload if we got here": a command such as seek stands alone.
  if (packetType !== VideoPacketType.metadata && frameType === VideoFrameType.command) {
    reader.need(1);
    return { ...head, codec: 'none', packetType, dataOffset: reader.offset };
  }
  let multitrack: MultitrackType | undefined;
  if (packetType === VideoPacketType.multitrack) {
    ({ type: multitrack, packetType } = readMultitrackType(reader, VideoPacketType.multitrack));
  }
  const fourCc = multitrack === MultitrackType.manyTracksManyCodecs ? 0 : reader.u32();
  const codec = fourCc === 0 ? 'none' : (VIDEO_BY_FOUR_CC.get(fourCc) ?? 'unknown');
  const compositionTimeMs = multitrack === undefined && hasCompositionTime(codec, packetType) ? reader.i24() : 0;
  return { ...head, codec, fourCc, packetType, compositionTimeMs, multitrack, dataOffset: reader.offset };
}

/**
 * One track of a multitrack message, as if it had come in a message of its own.
 * @param track one of those that `readTracks` found; `dataOffset` is that in its body
 * @throws ProtocolError when its body is shorter than its composition time
 */
export function videoTagOfTrack(tag: VideoTag, track: MultitrackBody): VideoTag {
  const codec = VIDEO_BY_FOUR_CC.get(track.fourCc) ?? 'unknown';
  const reader = new ByteReader(track.body, 'flv/multitrack/video');
  const compositionTimeMs = hasCompositionTime(codec, tag.packetType) ? reader.i24() : 0;
  return { ...tag, codec, fourCc: track.fourCc, compositionTimeMs, multitrack: undefined, dataOffset: reader.offset };
}

/** Whether the body begins with a composition time: coded frames of the codecs that reorder. */
export function hasCompositionTime(codec: VideoCodec, packetType: number): boolean {
  return packetType === VideoPacketType.codedFrames && (codec === 'h264' || codec === 'h265' || codec === 'vvc');
}

/** Writes the legacy header of an AVC message: five bytes. */
export function encodeH264TagHeader(header: {
  readonly frameType: number;
  readonly packetType: number;
  readonly compositionTimeMs: number;
}): Buffer {
  return new ByteWriter()
    .u8((header.frameType << 4) | LEGACY_AVC)
    .u8(header.packetType)
    .i24(header.compositionTimeMs)
    .toBuffer();
}

/** Writes an extended header for one track: FourCC and, where the codec has it, the composition time. */
export function encodeExVideoTagHeader(header: {
  readonly codec: keyof typeof VideoFourCc;
  readonly frameType: number;
  readonly packetType: number;
  readonly compositionTimeMs: number;
  readonly nanoOffset: number;
}): Buffer {
  const writer = new ByteWriter();
  const first = 0x80 | (header.frameType << 4);
  if (header.nanoOffset > 0) {
    writer.u8(first | VideoPacketType.modEx);
    writeNanoOffset(writer, header.nanoOffset, header.packetType);
  } else {
    writer.u8(first | header.packetType);
  }
  writer.u32(fourCcOf(VideoFourCc[header.codec]));
  if (hasCompositionTime(header.codec, header.packetType)) writer.i24(header.compositionTimeMs);
  return writer.toBuffer();
}

/** Writes a message of several tracks. The bodies of codecs with a composition time begin with it. */
export function encodeVideoTracks(
  header: {
    readonly type: MultitrackType;
    readonly frameType: number;
    readonly packetType: number;
    readonly nanoOffset: number;
  },
  tracks: readonly MultitrackBody[],
): Buffer {
  const writer = new ByteWriter();
  const first = 0x80 | (header.frameType << 4);
  if (header.nanoOffset > 0) {
    writer.u8(first | VideoPacketType.modEx);
    writeNanoOffset(writer, header.nanoOffset, VideoPacketType.multitrack);
  } else {
    writer.u8(first | VideoPacketType.multitrack);
  }
  return writer.write(encodeTracks(header.type, header.packetType, tracks)).toBuffer();
}
