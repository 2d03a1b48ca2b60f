// What a viewer saw of a live stream: every version of its playlist and every segment, in the order of their arrival.

export interface PlaylistVersion {
  readonly atMs: number;
  readonly text: string;
}

export interface SegmentBytes {
  readonly mediaSequence: number;
  readonly bytes: Buffer;
}

export interface Recording {
  /** Each differs from the one before it. */
  readonly playlists: readonly PlaylistVersion[];
  /** A number that was served with other bytes later is here twice. */
  readonly segments: readonly SegmentBytes[];
}

export interface ListedSegment {
  readonly mediaSequence: number;
  readonly uri: string;
  /** Whether `EXT-X-DISCONTINUITY` is before it. */
  readonly isDiscontinuous: boolean;
}

export interface Playlist {
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly segments: readonly ListedSegment[];
}

/** Reads of a media playlist (RFC 8216) what its numbers and addresses are. */
export function parsePlaylist(text: string): Playlist {
  const valueOf = (tag: string): number => Number(new RegExp(`^#${tag}:(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  const mediaSequence = valueOf('EXT-X-MEDIA-SEQUENCE');
  const segments: ListedSegment[] = [];
  let isDiscontinuous = false;
  for (const line of text.split('\n')) {
    if (line === '#EXT-X-DISCONTINUITY') isDiscontinuous = true;
    if (line === '' || line.startsWith('#')) continue;
    segments.push({ mediaSequence: mediaSequence + segments.length, uri: line, isDiscontinuous });
    isDiscontinuous = false;
  }
  return { mediaSequence, discontinuitySequence: valueOf('EXT-X-DISCONTINUITY-SEQUENCE'), segments };
}

/** What was served first under each number, in order. */
export function firstServed({ segments }: Recording): SegmentBytes[] {
  const first = new Map<number, SegmentBytes>();
  for (const segment of segments) if (!first.has(segment.mediaSequence)) first.set(segment.mediaSequence, segment);
  return [...first.values()].sort((a, b) => a.mediaSequence - b.mediaSequence);
}
