// Frames as tags of an FLV stream (Adobe Flash Video File Format 10.1, annex E): the same bytes for every viewer.
import { Codec, FrameKind, isConfiguration, isRandomAccess, TICKS_PER_MS, type Frame } from '@millrace/domain';
import {
  AudioPacketType,
  encodeAacTagHeader,
  encodeFlvHeader,
  encodeFlvTag,
  encodeH264TagHeader,
  encodeMp3TagHeader,
  FLV_TAG_HEADER_BYTES,
  FlvTagType,
  MAX_FLV_TAG_DATA_BYTES,
  VideoFrameType,
  VideoPacketType,
} from '@millrace/protocol/flv';
import type { EncodedFrame, SeenTracks, WireForm } from '@millrace/playout';

/** SoundRate 44 kHz, 16 bits, stereo: decoders use what the MP3 header says. */
const MP3_SOUND_BITS = 0b1111;
/** AMF0's type marker of a string, with which the name of a script message begins (AMF0 section 2.4). */
const AMF0_STRING = 2;
/** The longest header before a payload: VideoTagHeader. */
const MAX_HEADER_BYTES = 5;

const AAC_CONFIGURATION = encodeAacTagHeader(AudioPacketType.sequenceStart);
const AAC_FRAMES = encodeAacTagHeader(AudioPacketType.codedFrames);
const MP3_FRAMES = encodeMp3TagHeader(MP3_SOUND_BITS);
const NO_HEADER = new Uint8Array(0);

/** Timestamps have 32 bits: they begin again at 0 after 49 days. */
const timestampMs = (dts90k: number): number => Math.floor(dts90k / TICKS_PER_MS) % 2 ** 32;

class FlvForm implements WireForm {
  head(tracks: SeenTracks): Uint8Array {
    return encodeFlvHeader(tracks);
  }

  encode(frame: Frame, dts90k: number): EncodedFrame | undefined {
    const tag = tagOf(frame, dts90k);
    if (tag === undefined || frame.payload.byteLength > MAX_FLV_TAG_DATA_BYTES - MAX_HEADER_BYTES) return undefined;
    const { type, header } = tag;
    const bytes = encodeFlvTag({ type, timestampMs: timestampMs(dts90k), header, data: frame.payload });
    return { bytes, payloadOffset: FLV_TAG_HEADER_BYTES + header.byteLength };
  }
}

/** @returns undefined for what FLV, or this form of it, has no tag for */
function tagOf(frame: Frame, dts90k: number): { readonly type: FlvTagType; readonly header: Uint8Array } | undefined {
  // FLV has one track of each kind.
  if ((frame.track ?? 0) !== 0) return undefined;
  if (frame.kind === FrameKind.data)
    return frame.payload[0] === AMF0_STRING ? { type: FlvTagType.script, header: NO_HEADER } : undefined;
  switch (frame.codec) {
    case Codec.h264:
      return { type: FlvTagType.video, header: h264Header(frame, dts90k) };
    case Codec.aac:
      return { type: FlvTagType.audio, header: isConfiguration(frame) ? AAC_CONFIGURATION : AAC_FRAMES };
    case Codec.mp3:
      return { type: FlvTagType.audio, header: MP3_FRAMES };
    default:
      return undefined;
  }
}

function h264Header(frame: Frame, dts90k: number): Uint8Array {
  if (isConfiguration(frame))
    return encodeH264TagHeader({
      frameType: VideoFrameType.keyframe,
      packetType: VideoPacketType.sequenceStart,
      compositionTimeMs: 0,
    });
  // Both times are rounded before they are subtracted: so equal presentation times stay equal.
  const presentationMs = Math.floor((dts90k + frame.compositionOffset90k) / TICKS_PER_MS);
  return encodeH264TagHeader({
    // "A seekable frame": players also start at recovery points.
    frameType: isRandomAccess(frame) ? VideoFrameType.keyframe : VideoFrameType.inter,
    packetType: VideoPacketType.codedFrames,
    compositionTimeMs: presentationMs - Math.floor(dts90k / TICKS_PER_MS),
  });
}

/** One for the process: frames are kept under it. */
export const FLV_FORM: WireForm = new FlvForm();
