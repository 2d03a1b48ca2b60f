// What decides about cuts besides the log. Another value gives other segments: packagers of one cluster must agree.

export interface SegmenterSettings {
  /** A segment ends at the first keyframe this long after its start. */
  readonly segmentTargetMs: number;
  /** The longest segment while the session's target duration is not fixed. */
  readonly maxSegmentMs: number;
  /** The most bytes of frames in a segment. */
  readonly maxSegmentBytes: number;
  /** How many segments have the same key; 0: they are not encrypted. */
  readonly keyRotationSegments: number;
}
