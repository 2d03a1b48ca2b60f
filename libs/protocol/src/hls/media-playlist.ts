// RFC 8216 sections 4.3.2 and 4.3.3: the media playlist, with what the second edition adds (draft-pantos-hls-rfc8216bis).
import type { DateRange } from './date-range.ts';
import { DEFINE_VERSION, QUERY_PARAM_VERSION } from './define.ts';
import type { Define } from './define.ts';
import type { PartialSegment, PreloadHint, RenditionReport, ServerControl, Skip } from './low-latency.ts';
import type { EncryptionKey, StartPoint } from './shared-tags.ts';

export interface ByteRange {
  readonly length: number;
  /** Undefined: behind the range of the segment before. */
  readonly offset: number | undefined;
}

export interface InitializationSection {
  readonly uri: string;
  readonly byteRange: ByteRange | undefined;
}

export interface MediaSegment {
  readonly uri: string;
  /** EXTINF, in seconds. */
  readonly duration: number;
  readonly title: string;
  readonly byteRange: ByteRange | undefined;
  /** Whether EXT-X-DISCONTINUITY precedes this segment. */
  readonly discontinuity: boolean;
  /** EXT-X-PROGRAM-DATE-TIME of this segment, in milliseconds since 1970. */
  readonly programDateTimeMs: number | undefined;
  /** Keys announced before this segment; they stay in force until the next ones. Empty when nothing changes. */
  readonly keys: readonly EncryptionKey[];
  /** EXT-X-MAP announced before this segment; stays in force until the next one. */
  readonly map: InitializationSection | undefined;
  /** EXT-X-GAP: it is not there. */
  readonly gap?: boolean | undefined;
  /** Its parts, while they are listed. */
  readonly parts?: readonly PartialSegment[] | undefined;
  readonly dateRanges?: readonly DateRange[] | undefined;
  /** Other tags before this segment, whole lines: what this library does not know. */
  readonly otherTags: readonly string[];
}

/** What is known of the segment that is not whole yet: its parts, and the tags before them. */
export type UnfinishedSegment = Pick<
  MediaSegment,
  'discontinuity' | 'programDateTimeMs' | 'keys' | 'map' | 'dateRanges' | 'otherTags'
> & { readonly parts: readonly PartialSegment[] };

export interface MediaPlaylist {
  /** EXT-X-VERSION; 1 when the tag is missing. */
  readonly version: number;
  /** EXT-X-DEFINE: variables, in their order. */
  readonly defines?: readonly Define[] | undefined;
  /** EXT-X-TARGETDURATION in whole seconds. */
  readonly targetDuration: number;
  /** Number of the first segment. */
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly playlistType: 'EVENT' | 'VOD' | undefined;
  readonly independentSegments: boolean;
  readonly iFramesOnly: boolean;
  readonly start: StartPoint | undefined;
  /** EXT-X-ENDLIST: no segment will follow. */
  readonly endList: boolean;
  /** Of a delta update: what is left out comes before `segments`, and `mediaSequence` is the number of the first one left out. */
  readonly skip?: Skip | undefined;
  /** PART-TARGET, in seconds; undefined for a playlist without parts. */
  readonly partTarget?: number | undefined;
  readonly serverControl?: ServerControl | undefined;
  readonly segments: readonly MediaSegment[];
  readonly open?: UnfinishedSegment | undefined;
  readonly preloadHints?: readonly PreloadHint[] | undefined;
  readonly renditionReports?: readonly RenditionReport[] | undefined;
  /** Other tags that belong to the playlist as a whole or follow the last segment, whole lines. */
  readonly otherTags: readonly string[];
}

/** The lowest EXT-X-VERSION that allows what is in the playlist (section 7). */
export function requiredVersion(
  playlist: Pick<MediaPlaylist, 'segments' | 'iFramesOnly' | 'skip' | 'open' | 'defines'>,
): number {
  let version = 1;
  const atLeast = (needed: number): void => {
    version = Math.max(version, needed);
  };
  if (playlist.iFramesOnly) atLeast(4);
  if (playlist.open?.map !== undefined) atLeast(6);
  if (playlist.skip !== undefined) atLeast(9);
  for (const define of playlist.defines ?? []) atLeast('queryParam' in define ? QUERY_PARAM_VERSION : DEFINE_VERSION);
  for (const segment of playlist.segments) {
    if (!Number.isInteger(segment.duration)) atLeast(3);
    if (segment.byteRange !== undefined) atLeast(4);
    if (segment.map !== undefined) atLeast(playlist.iFramesOnly ? 5 : 6);
    for (const key of segment.keys) {
      if (key.iv !== undefined) atLeast(2);
      if (key.keyFormat !== undefined || key.keyFormatVersions !== undefined || key.method === 'SAMPLE-AES') atLeast(5);
    }
  }
  return version;
}
