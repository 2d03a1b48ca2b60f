// The state of a stream's segments: all that another packager needs to cut the next one exactly as this one would have.
import type { FramePosition } from '../frame/frame.ts';
import type { ListedBreak } from './ad-break.ts';

/**
 * What a container goes on with from segment to segment, as numbers by name. Its meaning is the container's own affair. One that
 * is absent is 0. At most 16, with names of at most 32 letters and digits: a commit mark has room for two such states.
 */
export type ContainerState = Readonly<Record<string, number>>;

/** The container of a session's segments, and its state. */
export interface ContainerPoint {
  /** Its name in the packager's table: lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly state: ContainerState;
}

/** The state before the segment with `mediaSequence` is cut. Together with the frame log it determines that segment. */
export interface ResumePoint {
  /** The first frame of the segment. */
  readonly position: FramePosition;
  readonly mediaSequence: number;
  /** How many discontinuities came before this segment, its own one included if it starts with one. */
  readonly discontinuitySequence: number;
  /** Whether the segment starts with a discontinuity. */
  readonly discontinuity: boolean;
  readonly container: ContainerPoint;
  /** EXT-X-TARGETDURATION in seconds; 0 until the first segment of the session has fixed it. */
  readonly targetDurationSeconds: number;
  /** Whether what comes before the first keyframe is left out, as it follows a hole; undefined is false. */
  readonly awaitsKeyframe?: boolean;
  /** Of a session with low latency: how long a part of a segment lasts at most, in milliseconds. Undefined: there are no parts. */
  readonly partDurationMs?: number | undefined;
  /** Whether the session has had several tracks of a kind: its segments are made as renditions too from then on. Undefined is false. */
  readonly ladder?: boolean | undefined;
  /** How far the decoding of pictures was put forward so far, in 90 kHz ticks; undefined is 0, as in points of older releases. */
  readonly videoDelay90k?: number;
  /** The first segment with the key of the one before, by its media sequence; undefined: that one is not encrypted. */
  readonly keySequence?: number | undefined;
  /** Wall-clock time that belongs to decode time 0 of the epoch, in milliseconds since 1970. */
  readonly epochZeroMs: number;
  readonly sessionId: string;
}

/** What is written durably with every commit: enough to go on when the live store has lost all or part of it. */
export interface CommitMark {
  readonly streamId: string;
  /** Before the first segment that the playlist lists. */
  readonly tail: ResumePoint;
  /** Before the next segment, the first one that is not yet committed. */
  readonly head: ResumePoint;
  /**
   * Before the listed segments between, the oldest first, as many of the newest as a mark has room for. When the log does not
   * reach back to the tail, the window is cut again from the first of these that it holds.
   */
  readonly between?: readonly ResumePoint[];
  /** Breaks that are listed, the oldest first, as many of the newest as a mark has room for: some may have begun before the log does. */
  readonly breaks?: readonly ListedBreak[];
}
