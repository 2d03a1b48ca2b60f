// The frame: what the edges publish and everyone downstream consumes (docs/architecture.md, "The frame").

/** What a frame carries. The numbers are written in the wire header and never change their meaning. */
export const FrameKind = {
  video: 1,
  audio: 2,
  /** Timed metadata: AMF0 values, a name such as `onTextData` and what it says. Consumers leave out what they cannot read. */
  data: 3,
  /** No media: the last frame of an epoch. Its flags say whether the publisher ended the stream or just went away. */
  end: 4,
  /**
   * What an encoder says of the colours of a track of pictures beside its bit stream: the `colorInfo` of Enhanced RTMP v2, in AMF0. The codec is
   * `none`, and the flag `configuration` is set: it comes right behind the configuration of its track, once it was said each time.
   */
  colour: 5,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** The codec of a frame's payload. The numbers are written in the wire header and never change their meaning. */
export const Codec = {
  none: 0,
  /** H.264: length-prefixed NAL units (AVCC); the configuration frame is an AVCDecoderConfigurationRecord. */
  h264: 1,
  /** AAC: one raw access unit, no ADTS; the configuration frame is an AudioSpecificConfig. */
  aac: 2,
  /** MP3: one whole frame with its header; there is no configuration frame. */
  mp3: 3,
  /** H.265: length-prefixed NAL units; the configuration frame is an HEVCDecoderConfigurationRecord. */
  h265: 4,
  /** AC-3: one syncframe; the configuration frame is the content of an AC3SpecificBox. */
  ac3: 5,
  /** Enhanced AC-3: the syncframes of all substreams; the configuration frame is the content of an EC3SpecificBox. */
  eac3: 6,
  /** Opus: one packet; the configuration frame is an ID header. */
  opus: 7,
  /** AV1: one temporal unit without its delimiter; the configuration frame is an AV1CodecConfigurationRecord. */
  av1: 8,
  /** VP9: one frame or superframe; the configuration frame is a VPCodecConfigurationRecord, then width and height in 16 bits each. */
  vp9: 9,
  /** FLAC: one frame; the configuration frame is a STREAMINFO block without its header. */
  flac: 10,
} as const;
export type Codec = (typeof Codec)[keyof typeof Codec];

/** The name above, for people; a number where it is of a later release. */
export const codecName = (codec: number): string =>
  Object.entries(Codec).find(([, value]) => value === codec)?.[0] ?? `codec ${codec}`;

export const FrameFlag = {
  /** A subscriber may start here: an IDR access unit, or, in a stream without video, an audio frame about once a second. */
  keyframe: 1,
  /** The payload is the codec's configuration record, not media. Comes before each place to start, even when unchanged. */
  configuration: 2,
  /** The timeline of this epoch jumps at this frame. */
  discontinuity: 4,
  /** On an `end` frame: the publisher said that it is done (deleteStream, FCUnpublish), rather than vanished. */
  unpublished: 8,
  /**
   * No IDR picture, but a decoder may start here: an I picture of an open group of pictures, or a recovery point. The
   * configuration comes before it as before a keyframe. Readers of older releases take it for any other picture.
   */
  recoveryPoint: 16,
  /**
   * Of a track above 0: decoding of that track may start here. Subscribers start in the first tracks only, so frames of further tracks
   * have neither of the two flags for that.
   */
  trackStart: 32,
} as const;

/** Times of frames are in ticks of 90 kHz. */
export const TICKS_PER_MS = 90;

/** One access unit as the encoder sent it. Frames are immutable; the payload belongs to the holder of the frame. */
export interface Frame {
  /** One of `FrameKind`, or one that a newer release knows: the consumer leaves out what it does not know. */
  readonly kind: number;
  /** One of `Codec`, or one that a newer release knows: the consumer leaves out what it does not know. */
  readonly codec: number;
  /** Bits of `FrameFlag`. */
  readonly flags: number;
  /** Which publisher connection of the stream this is. Only grows; frames of an older epoch are dropped. Safe integer. */
  readonly epoch: number;
  /** Counted by the publisher from 1 in each epoch, without gaps. Safe integer. */
  readonly sequence: number;
  /** Decode time in 90 kHz ticks, unwrapped, counted from the epoch's own zero. Safe integer, may be negative. */
  readonly dts90k: number;
  /** Presentation time minus decode time, in 90 kHz ticks. */
  readonly compositionOffset90k: number;
  readonly payload: Uint8Array;
  /**
   * Which track of its kind: undefined or 0 is the first one. Below 2^16. Further tracks begin behind a place to start of the first ones,
   * and each has its configuration before its own places to start.
   */
  readonly track?: number | undefined;
  /** The encoder's wall clock when this was captured, in milliseconds since 1970; undefined when the encoder does not say. */
  readonly encoderTimeMs?: number | undefined;
}

/** A place in a stream's frame log: the frame with this sequence in this epoch. */
export interface FramePosition {
  readonly epoch: number;
  readonly sequence: number;
}

export const isKeyframe = (frame: Frame): boolean => (frame.flags & FrameFlag.keyframe) !== 0;
/** Whether a reader may start here: a keyframe, or a recovery point. */
export const isRandomAccess = (frame: Frame): boolean =>
  (frame.flags & (FrameFlag.keyframe | FrameFlag.recoveryPoint)) !== 0;
/** Whether a frame is of the first track of its kind. */
export const isFirstTrack = (frame: Frame): boolean => (frame.track ?? 0) === 0;
/** Whether decoding of a further track may start here. */
export const isTrackStart = (frame: Frame): boolean => (frame.flags & FrameFlag.trackStart) !== 0;
export const isConfiguration = (frame: Frame): boolean => (frame.flags & FrameFlag.configuration) !== 0;

/** Orders positions: negative when `a` comes before `b`. Epochs first, then sequences. */
export function comparePositions(a: FramePosition, b: FramePosition): number {
  return a.epoch === b.epoch ? a.sequence - b.sequence : a.epoch - b.epoch;
}
