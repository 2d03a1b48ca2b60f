// What a segment is made of: the program, its access units and the state that goes on from segment to segment.
import type { AudioSpecificConfig } from '../../aac/index.ts';
import type { NalLengthSize } from '../../nal/index.ts';

/** PIDs and numbers of the one program that segments carry. */
export const TRANSPORT_STREAM_ID = 1;
export const PROGRAM_NUMBER = 1;
export const PMT_PID = 0x1000;
export const VIDEO_PID = 0x100;
export const AUDIO_PID = 0x101;
export const METADATA_PID = 0x102;

/** Added to all timestamps, so that none is negative and the PCR before the first one is not either: 10 s. */
export const DEFAULT_TIMESTAMP_OFFSET_90K = 900_000;
/** How far the PCR stays behind the DTS: the time a decoder has to take in an access unit. 200 ms. */
export const DEFAULT_PCR_DELAY_90K = 18_000;
/** Presentation is put off by at most this: 10 s, the longest that a decoder holds H.264 and H.265 (ISO/IEC 13818-1 §2.14.3.1). */
export const MAX_COMPOSITION_OFFSET_90K = 900_000;
/** A longer way from one PCR to the next gets packets with nothing but a PCR: 100 ms (§2.7.2). */
export const MAX_PCR_INTERVAL_90K = 9_000;
/** A longer gap is one of the timeline, and not filled: 60 s. What fills a gap of that length has 113 KB. */
export const MAX_FILLED_GAP_90K = 5_400_000;
/** PAT and PMT are repeated when this has passed: with a PCR interval on top it is below the 0.5 s of ETSI TR 101 290. */
export const TABLES_INTERVAL_90K = 36_000;
/** Audio gathered in one PES packet lasts at most this: 100 ms, as the PCR of audio-only programs comes with it. */
export const MAX_AUDIO_PES_SPAN_90K = 9_000;
/** Bytes of an audio PES packet, its header included: 16 transport packets. A single frame may be longer. */
export const MAX_AUDIO_PES_BYTES = 16 * 184;

export interface VideoTrack {
  readonly codec: 'h264' | 'h265';
  /** An `H264Configuration` and an `H265Configuration` are such. */
  readonly config: {
    readonly nalLengthSize: NalLengthSize;
    /** H.265 only. */
    readonly vps?: readonly Uint8Array[];
    readonly sps: readonly Uint8Array[];
    readonly pps: readonly Uint8Array[];
  };
}

export type AudioTrack =
  | { readonly codec: 'aac'; readonly config: AudioSpecificConfig }
  | { readonly codec: 'mp3' }
  | { readonly codec: 'ac3' | 'eac3' }
  /** @see opusChannelConfigCode */
  | { readonly codec: 'opus'; readonly channelConfigCode: number };

/** The next continuity counter of each PID (ISO/IEC 13818-1 §2.4.3.3), each 0 to 15. */
export interface SegmentContinuity {
  readonly pat: number;
  readonly pmt: number;
  readonly video: number;
  readonly audio: number;
  /** Undefined, which is 0, before the first metadata. */
  readonly metadata?: number;
}

/** The counters of a new stream. */
export const INITIAL_CONTINUITY: SegmentContinuity = { pat: 0, pmt: 0, video: 0, audio: 0 };

export interface SegmentOptions {
  /** Undefined for an audio-only program. */
  readonly video: VideoTrack | undefined;
  /** Undefined for a video-only program. */
  readonly audio: AudioTrack | undefined;
  readonly continuity: SegmentContinuity;
  /** Whether the timeline jumps before this segment: sets discontinuity_indicator with the first PCR. */
  readonly discontinuity?: boolean;
  /** Decode time of the first access unit of the next segment, where known: keeps the PCR going below 10 frames a second. */
  readonly endDts90k?: number;
  /** Whether it begins with PAT and PMT, as segments do. Without them it is a part of a stream that has had them. Default true. */
  readonly tables?: boolean;
  readonly timestampOffset90k?: number;
  readonly pcrDelay90k?: number;
  /** Gives the memory of the segment, of exactly this size and with anything in it. Without: memory of its own. */
  readonly allocate?: (size: number) => Buffer<ArrayBuffer>;
}

export interface AccessUnit {
  readonly kind: 'video' | 'audio';
  /** Decode time in 90 kHz ticks, unwrapped; a safe integer. Must not decrease among units of the same kind. */
  readonly dts90k: number;
  /** Presentation time minus decode time in 90 kHz ticks; below 0 counts as 0. */
  readonly cto90k: number;
  /** Whether decoding can start here (video: an IDR picture or a recovery point). Without meaning for audio. */
  readonly keyframe: boolean;
  /** Video: length-prefixed NAL units. Audio: one raw AAC access unit, or one frame of another codec. Only read, never kept. */
  readonly payload: Uint8Array;
}

/** An ID3 tag that belongs to a time: "Timed Metadata for HTTP Live Streaming". */
export interface TimedTag {
  /** Unwrapped presentation time. Must not decrease. */
  readonly pts90k: number;
  readonly tag: Uint8Array;
}

/** The longest tag: a PES packet other than of video says its length in 16 bits, header and timestamp included. */
export const MAX_TAG_BYTES = 0xffff - 8;

export interface MuxedSegment {
  /** The whole segment, in a buffer of exactly its size. */
  readonly bytes: Buffer;
  /** For the segment that follows. */
  readonly continuity: SegmentContinuity;
  /** Access units that could not be carried: NAL lengths that do not add up, no data, too long, or of a kind without track. */
  readonly skipped: number;
  /** What the pictures carry, as bits of `AccessUnitFlag`. */
  readonly contents: number;
}
