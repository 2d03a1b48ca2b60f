// What the segmenter gives: a segment with its bytes and the states before and after it.
import type { ResumePoint, SpliceSignal } from '@millrace/domain';
import type { CaptionKind, InitialisationMap } from '@millrace/live-store';
import type { Tracks } from '@millrace/media';
import type { FinishedRenditions } from './part-cutter.ts';

/** Why a segment ended where it did. */
export type CutReason =
  /** A keyframe at or after the target duration: the ordinary case. */
  | 'keyframe'
  /** It would have lasted longer than the playlist's target duration allows. */
  | 'duration'
  /** It would have held more bytes than allowed. */
  | 'bytes'
  /** A track came, or its configuration changed. */
  | 'configuration'
  /** The timeline jumps. */
  | 'timeline'
  /** Frames are lost. */
  | 'gap'
  /** The publisher's connection ended: its `end` frame. */
  | 'end'
  /** Frames of the next publisher connection came. */
  | 'epoch'
  /** The session is over. */
  | 'session';

/** An initialisation map with its bytes. */
export interface SegmentMap extends InitialisationMap {
  readonly bytes: Uint8Array;
}

export interface FinishedSegment {
  /** From here the same segment can be cut again. */
  readonly before: ResumePoint;
  /** From here the next one can be cut. */
  readonly after: ResumePoint;
  /** What players call it. The same segment cut again has the same name. */
  readonly name: string;
  readonly contentType: string;
  /** The segment; nothing changes it any more. */
  readonly bytes: Uint8Array;
  /** What players need before it. */
  readonly map: SegmentMap | undefined;
  /** The key that players decrypt it with, by the media sequence of the first segment that has it. `bytes` are plain. */
  readonly keySequence: number | undefined;
  readonly durationMs: number;
  /** Whether everything in it can be decoded without another segment. */
  readonly independent: boolean;
  readonly programDateTimeMs: number;
  readonly tracks: Tracks;
  /** Those that have a place in `bytes`. The others are in renditions only. */
  readonly carried: Tracks;
  /** Whether players find nothing in `bytes` (EXT-X-GAP): its media is in renditions, or lost. */
  readonly gap: boolean;
  readonly videoFrames: number;
  readonly audioFrames: number;
  /** Silent access units that are put where the sound pauses. */
  readonly silentFrames: number;
  /** What captions its pictures carry. */
  readonly captions: readonly CaptionKind[];
  /** What came of breaks for advertising. */
  readonly signals: readonly SpliceSignal[];
  /** Access units that the container cannot carry and that are left out: broken NAL lengths, no data. */
  readonly skippedFrames: number;
  readonly cut: CutReason;
  /** Of a session with low latency, and where `bytes` lack a track: the same media once more, one rendition for each kind. */
  readonly renditions?: FinishedRenditions | undefined;
  /** When it was finished, and how long making it took, by the segmenter's stopwatch: for those who watch. */
  readonly finishedAtMs: number;
  readonly buildMs: number;
}
