// The reports of an edge's media path. Called per frame: every method must be cheap and must not throw.
import type { SessionWarningCode } from '@millrace/domain';

export type TrackName = 'video' | 'audio';

/** Why something that an encoder sent did not become a frame. A bounded set, since it is a metric label. */
export type DropReason =
  /** The protocol's framing of the media, such as an FLV tag header, is truncated or invalid. */
  | 'malformed_tag'
  /** NAL units do not fill the access unit, or an audio frame is invalid. */
  | 'malformed_frame'
  /** An access unit without a picture, or audio without samples. */
  | 'empty_frame'
  /** A configuration record that no decoder could use; the former one stays in force. */
  | 'bad_configuration'
  /** A coded frame before its configuration. */
  | 'no_configuration'
  /** A picture before the first keyframe that depends on another one; audio that begins late, before the next keyframe. */
  | 'before_keyframe'
  /** A picture, or sound, of which packets have not come. */
  | 'lost_packets'
  /** An implausible composition offset; the frame is kept, at its decode time. */
  | 'bad_composition_offset'
  /** Another track of a multitrack message, a command, colour information. */
  | 'not_carried';

export interface MediaObserver {
  dropped(track: TrackName, reason: DropReason): void;
  /** Media of a track beside the one that is carried. */
  leftOut(track: TrackName): void;
  /** Media with an unsupported codec. `codec` is safe to log. */
  unsupported(track: TrackName, codec: string): void;
  /** A problem that viewers notice. Each code is reported once per track. `detail` is safe to log. */
  warn(code: SessionWarningCode, track: TrackName | undefined, detail?: string): void;
}
