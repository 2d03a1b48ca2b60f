// How each codec's frames become FLV tags (Adobe Flash Video File Format 10.1, sections E.4.2 and E.4.3; Enhanced RTMP v2). One row for each codec: the
// compiler says when one is missing.
import { Codec, isConfiguration, isRandomAccess, TICKS_PER_MS } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { encodeFlacHeader } from '@millrace/protocol/flac';
import {
  AudioPacketType,
  encodeAacTagHeader,
  encodeExAudioTagHeader,
  encodeExVideoTagHeader,
  encodeH264TagHeader,
  encodeMp3TagHeader,
  FlvTagType,
  VideoFrameType,
  VideoPacketType,
} from '@millrace/protocol/flv';
import type { AudioFourCc, VideoFourCc } from '@millrace/protocol/flv';
import type { MediaCodec } from './codec-rules.ts';

export interface FlvCodec {
  readonly type: FlvTagType;
  /**
   * What comes before the payload; undefined for a configuration that FLV has no tag for, as each frame says it.
   * @param dts90k decode time on the viewer's timeline
   */
  header(frame: Frame, dts90k: number): Uint8Array | undefined;
}

/** SoundRate 44 kHz, 16 bits, stereo: decoders use what the MP3 header says. */
const MP3_SOUND_BITS = 0b1111;
const AAC_CONFIGURATION = encodeAacTagHeader(AudioPacketType.sequenceStart);
const AAC_FRAMES = encodeAacTagHeader(AudioPacketType.codedFrames);
const MP3_FRAMES = encodeMp3TagHeader(MP3_SOUND_BITS);

const NOTHING = Buffer.alloc(0);
const VP9_FULL_BOX = Buffer.of(1, 0, 0, 0);
const flacHeader = (packetType: number): Buffer => encodeExAudioTagHeader({ codec: 'flac', packetType, nanoOffset: 0 });
const FLAC_FRAMES = flacHeader(AudioPacketType.codedFrames);
/** "Signature, followed by a metadata block". */
const FLAC_CONFIGURATION = withPrefix(flacHeader(AudioPacketType.sequenceStart), encodeFlacHeader(NOTHING));

/** Undefined for a codec that FLV has no tag for. */
const FLV_CODECS: Readonly<Record<MediaCodec, FlvCodec | undefined>> = {
  [Codec.h264]: { type: FlvTagType.video, header: (frame, dts90k) => encodeH264TagHeader(pictureOf(frame, dts90k)) },
  [Codec.aac]: {
    type: FlvTagType.audio,
    header: (frame) => (isConfiguration(frame) ? AAC_CONFIGURATION : AAC_FRAMES),
  },
  [Codec.mp3]: { type: FlvTagType.audio, header: () => MP3_FRAMES },
  [Codec.h265]: {
    type: FlvTagType.video,
    header: (frame, dts90k) => exVideo('h265', frame, dts90k),
  },
  // Enhanced RTMP v2 has no sequence start for AC-3 and Enhanced AC-3: "Body contains audio data as defined by the bitstream syntax".
  [Codec.ac3]: exAudio('ac3', false),
  [Codec.eac3]: exAudio('eac3', false),
  [Codec.opus]: exAudio('opus', true),
  [Codec.av1]: { type: FlvTagType.video, header: (frame, dts90k) => exVideo('av1', frame, dts90k) },
  // A record of VP9 has the version and the flags of its box before it, as FFmpeg writes it.
  [Codec.vp9]: {
    type: FlvTagType.video,
    header: (frame, dts90k) =>
      withPrefix(exVideo('vp9', frame, dts90k), isConfiguration(frame) ? VP9_FULL_BOX : NOTHING),
  },
  [Codec.flac]: {
    type: FlvTagType.audio,
    header: (frame) => (isConfiguration(frame) ? FLAC_CONFIGURATION : FLAC_FRAMES),
  },
};

function exVideo(codec: keyof typeof VideoFourCc, frame: Frame, dts90k: number): Buffer {
  return encodeExVideoTagHeader({ codec, nanoOffset: 0, ...pictureOf(frame, dts90k) });
}

/** What comes between a tag's header and the payload goes with the header. */
function withPrefix(header: Buffer, prefix: Buffer): Buffer {
  return prefix.length === 0 ? header : Buffer.concat([header, prefix]);
}

/** Sound by its FourCC: `Opus` and the like. */
function exAudio(codec: keyof typeof AudioFourCc, hasSequenceStart: boolean): FlvCodec {
  const [start, frames] = [AudioPacketType.sequenceStart, AudioPacketType.codedFrames].map((packetType) =>
    encodeExAudioTagHeader({ codec, packetType, nanoOffset: 0 }),
  );
  return {
    type: FlvTagType.audio,
    header: (frame) => (!isConfiguration(frame) ? frames : hasSequenceStart ? start : undefined),
  };
}

/** @returns undefined also for a codec that only a newer release knows */
export const flvCodecOf = (codec: number): FlvCodec | undefined =>
  (FLV_CODECS as Readonly<Record<number, FlvCodec | undefined>>)[codec];

/** What the header of a picture or of a configuration record says. */
function pictureOf(frame: Frame, dts90k: number) {
  if (isConfiguration(frame))
    return {
      frameType: VideoFrameType.keyframe,
      packetType: VideoPacketType.sequenceStart,
      compositionTimeMs: 0,
    };
  // Both times are rounded before they are subtracted: so equal presentation times stay equal.
  const presentationMs = Math.floor((dts90k + frame.compositionOffset90k) / TICKS_PER_MS);
  return {
    // "A seekable frame": players also start at recovery points.
    frameType: isRandomAccess(frame) ? VideoFrameType.keyframe : VideoFrameType.inter,
    packetType: VideoPacketType.codedFrames,
    compositionTimeMs: presentationMs - Math.floor(dts90k / TICKS_PER_MS),
  };
}

/** AMF0's string "@setDataFrame": what some encoders put before the name of a message that players are to be sent without it. */
const SET_DATA_FRAME = Buffer.concat([Buffer.of(2, 0, 13), Buffer.from('@setDataFrame')]);

/** What a player is sent of a data frame; undefined for one that does not begin with a name. */
export function flvScriptBody({ payload }: Frame): Uint8Array | undefined {
  const isCommand = SET_DATA_FRAME.equals(payload.subarray(0, SET_DATA_FRAME.length));
  const body = isCommand ? payload.subarray(SET_DATA_FRAME.length) : payload;
  return body[0] === SET_DATA_FRAME[0] ? body : undefined;
}
