// How a protocol writes frames: once for all viewers of a stream.
import type { Frame } from '@millrace/domain';

/** What is known of a stream when a viewer begins. */
export interface SeenTracks {
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
  /** The newest configuration of the first track of each kind, where its codec has one. */
  readonly videoConfiguration?: Frame | undefined;
  readonly audioConfiguration?: Frame | undefined;
}

export interface EncodedFrame {
  /** The bytes that viewers are sent, in memory of their own that nothing else changes. */
  readonly bytes: Uint8Array;
  /** The offset of the frame's payload in these bytes; undefined where they do not hold it in one piece. */
  readonly payloadOffset: number | undefined;
}

/** A protocol's way to write frames. One instance for each form in a process: it is the key under which frames are kept. */
export interface WireForm {
  /** What each viewer is sent before the first frame; may be empty. */
  head(tracks: SeenTracks): Uint8Array;
  /**
   * @param dts90k decode time on the timeline of this process, which goes on over epochs: not the frame's own
   * @returns undefined for a frame that this form cannot carry
   */
  encode(frame: Frame, dts90k: number): EncodedFrame | undefined;
}
