import type { MediaPlaylist, MediaSegment } from '../index.ts';

/** A segment of two seconds unless told otherwise. For tests. */
export function mediaSegment(uri: string, fields: Partial<MediaSegment> = {}): MediaSegment {
  return {
    uri,
    duration: 2,
    title: '',
    byteRange: undefined,
    discontinuity: false,
    programDateTimeMs: undefined,
    keys: [],
    map: undefined,
    otherTags: [],
    ...fields,
  };
}

/** A live playlist without segments unless told otherwise. For tests. */
export function mediaPlaylist(fields: Partial<MediaPlaylist> = {}): MediaPlaylist {
  return {
    version: 3,
    targetDuration: 2,
    mediaSequence: 0,
    discontinuitySequence: 0,
    playlistType: undefined,
    independentSegments: false,
    iFramesOnly: false,
    start: undefined,
    endList: false,
    segments: [],
    otherTags: [],
    ...fields,
  };
}
