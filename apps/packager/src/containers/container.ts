// A container: how the media of a segment become bytes. One file for each in this folder, and a line in containers.ts.
import type { ContainerPoint, ContainerState } from '@millrace/domain';
import type { CaptionKind } from '@millrace/live-store';
import type { Track, Tracks } from '@millrace/media';

/** One picture, or one frame of sound. */
export interface Sample {
  readonly kind: 'video' | 'audio';
  /** Decode time in 90 kHz ticks, unwrapped. Does not decrease among samples of one kind. */
  readonly dts90k: number;
  /** Presentation time minus decode time in 90 kHz ticks. */
  readonly cto90k: number;
  /** Whether decoding can start here. Without meaning for sound. */
  readonly keyframe: boolean;
  /** As frames carry it: length-prefixed NAL units, one raw AAC access unit, one MP3 frame. Only read, never kept. */
  readonly payload: Uint8Array;
}

/** An ID3 tag that belongs to a time: "Timed Metadata for HTTP Live Streaming". */
export interface TimedMetadataTag {
  /** Unwrapped presentation time. Does not decrease. */
  readonly pts90k: number;
  /** The same wherever the tag is carried, and that of no other tag of the stream; below 2^32. Epochs are milliseconds, and frames fewer. */
  readonly id: number;
  readonly tag: Uint8Array;
}

/** What a segment holds. */
export interface SegmentMedia {
  /** In the order of decode times within each kind; both kinds mixed in any way. */
  readonly samples: readonly Sample[];
  readonly tags: readonly TimedMetadataTag[];
  /** Decode time at which the segment starts. */
  readonly startDts90k: number;
  /** How long it lasts. */
  readonly ticks: number;
}

export interface MuxedMedia {
  /** The whole segment; not changed by anyone any more. */
  readonly bytes: Uint8Array;
  /** What players need before the segment (EXT-X-MAP): the same bytes for the same tracks. Undefined where there is no such thing. */
  readonly init?: Uint8Array;
  /** For the segment that follows. */
  readonly state: ContainerState;
  /** Samples that could not be carried. */
  readonly skipped: number;
  /** What captions the pictures carry. */
  readonly captions: readonly CaptionKind[];
}

/** A kind of files, as players fetch them. */
export interface FileKind {
  /** The last part of their names, without the dot: lower-case letters and digits. */
  readonly extension: string;
  readonly contentType: string;
}

/** Gives the memory of a segment: of exactly this size, with anything in it. */
export type Allocate = (size: number) => Buffer<ArrayBuffer>;

export interface Container {
  /** In resume points: never another one for the same bytes. Lower-case letters, digits and hyphens, at most 32. */
  readonly name: string;
  readonly segments: FileKind;
  /** Of what `mux` returns as `init`; undefined for a container without. */
  readonly maps?: FileKind;
  /** The state before the first segment of all. */
  readonly initial: ContainerState;
  /** Whether there is a place for a track in its segments. */
  carries(track: Track): boolean;
  /**
   * Makes a segment. Pure: the same arguments give the same bytes, in any process, wherever their memory comes from.
   * @param tracks those that are carried
   * @param state as the segment before left it, or `initial`; numbers that are absent are 0
   * @param discontinuity whether the timeline jumps before the first sample
   */
  mux(
    media: SegmentMedia,
    tracks: Tracks,
    state: ContainerState,
    discontinuity: boolean,
    allocate?: Allocate,
  ): MuxedMedia;
}

/** The state of a container before its first segment. */
export const startOf = ({ name, initial }: Container): ContainerPoint => ({ name, state: initial });

/** Whether segments made from both states are the same. */
export function sameContainer(a: ContainerPoint, b: ContainerPoint): boolean {
  if (a.name !== b.name) return false;
  const names = new Set([...Object.keys(a.state), ...Object.keys(b.state)]);
  return [...names].every((name) => (a.state[name] ?? 0) === (b.state[name] ?? 0));
}
