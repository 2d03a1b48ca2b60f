// What the media path of an edge reports. Called per frame: every method must be cheap and must not throw.
import type { SessionWarningCode } from '@millrace/domain';

export type TrackName = 'video' | 'audio';

/** Why something that an encoder sent did not become a frame. A bounded set: a metric label. */
export type DropReason =
  /** What the protocol puts around media ends early or makes no sense, such as an FLV tag header. */
  | 'malformed_tag'
  /** NAL units do not fill the access unit, or a frame of audio is no frame. */
  | 'malformed_frame'
  /** An access unit without a picture, or audio without samples. */
  | 'empty_frame'
  /** A configuration record that no decoder could work with: the old one stays in force. */
  | 'bad_configuration'
  /** A coded frame before its configuration. */
  | 'no_configuration'
  /** A picture that needs another one before it, before the first keyframe; sound that a stream gains, before the next one. */
  | 'before_keyframe'
  /** A composition offset beyond reason; the frame is kept, at its decode time. */
  | 'bad_composition_offset'
  /** Another track of a multitrack message, a command, colour information. */
  | 'not_carried';

export interface MediaObserver {
  dropped(track: TrackName, reason: DropReason): void;
  /** Media of a track whose codec is not carried. `codec` is safe to log. */
  unsupported(track: TrackName, codec: string): void;
  /** Something is wrong that viewers notice: each code is reported once for each track. `detail` is safe to log. */
  warn(code: SessionWarningCode, track: TrackName | undefined, detail?: string): void;
}
