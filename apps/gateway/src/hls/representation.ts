// Bytes that are ready to be sent, with their headers: made once, sent to many.
import type { StoredSegment } from '@millrace/live-store';
import { CROSS_ORIGIN_HEADERS } from '../http/cross-origin.ts';
import { immutableTag, strongTag } from './entity-tag.ts';

export interface Representation {
  readonly body: Uint8Array;
  readonly tag: string;
  /** Alternating names and values (`writeHead`'s flat form); everything but Content-Length. */
  readonly headers: readonly string[];
  readonly acceptsRanges: boolean;
}

/** Where its value is in all headers. */
const CACHE_CONTROL_AT = 3;

const COMMON = Object.entries(CROSS_ORIGIN_HEADERS).flat();

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
const MANIFEST_TYPE = 'application/dash+xml';
/** A cache in front may answer all viewers for a second, then revalidates, mostly to get a 304. */
const PLAYLIST_CACHING = 'public, max-age=1, must-revalidate';
/**
 * "Successful Playlist responses to blocking requests can be cached for six Target Durations" (Enabling Low-Latency HLS): by caches
 * that many viewers share. A player asks for each once, so its own has no use for them.
 */
const BLOCKED_TARGETS = 6;
/**
 * Of the answer that completes a segment. Video.js asks for it once more instead of the first part of the next segment: it would be
 * told the same for as long as caches keep it.
 */
const COMPLETING_SECONDS = 1;
/** Not what was asked for: no cache may give it to others. */
const UNCACHED = 'no-store';
/** The bytes of a segment's name never change. */
const SEGMENT_CACHING = 'public, max-age=86400, immutable';

/** What is one viewer's own. */
const OWN_CACHING = 'private, no-store';

export const playlistRepresentation = (text: string): Representation => representPlaylist(text, PLAYLIST_CACHING);
export const ownPlaylistRepresentation = (text: string): Representation => representPlaylist(text, OWN_CACHING);

/** @param completesSegment whether it lists no part of the next segment yet */
export function blockedPlaylistRepresentation(
  text: string,
  targetDurationMs: number,
  completesSegment: boolean,
): Representation {
  const seconds = completesSegment ? COMPLETING_SECONDS : Math.floor((BLOCKED_TARGETS * targetDurationMs) / 1_000);
  return representPlaylist(text, `public, max-age=0, s-maxage=${seconds}`);
}

/** The same answer, for this request alone. */
export const uncached = (what: Representation): Representation => cachedAs(what, UNCACHED);

export const manifestRepresentation = (text: string): Representation =>
  representPlaylist(text, PLAYLIST_CACHING, MANIFEST_TYPE);
export const ownManifestRepresentation = (text: string): Representation =>
  representPlaylist(text, OWN_CACHING, MANIFEST_TYPE);

function representPlaylist(text: string, caching: string, contentType = PLAYLIST_TYPE): Representation {
  const body = Buffer.from(text, 'utf8');
  const tag = strongTag(body);
  const headers = ['content-type', contentType, 'cache-control', caching, 'etag', tag, ...COMMON];
  return { body, tag, headers, acceptsRanges: false };
}

/** A live store in this process gives out the same array each time: its tag is worked out once. */
const segments = new WeakMap<Uint8Array, Representation>();

/** A segment, or an initialisation map, as the store says what it is. */
export function segmentRepresentation({ bytes: body, contentType }: StoredSegment): Representation {
  const known = segments.get(body);
  if (known !== undefined) return known;
  const tag = immutableTag(body);
  const headers = ['content-type', contentType, 'cache-control', SEGMENT_CACHING, 'etag', tag];
  const made = { body, tag, headers: [...headers, 'accept-ranges', 'bytes', ...COMMON], acceptsRanges: true };
  segments.set(body, made);
  return made;
}

/** The key of segments: 16 octets (RFC 8216 section 5.1), which nothing in between may keep. */
export const keyRepresentation = (key: Uint8Array): Representation => ({
  body: key,
  tag: '',
  headers: ['content-type', 'application/octet-stream', 'cache-control', OWN_CACHING, ...COMMON],
  acceptsRanges: false,
});

/** The same bytes under a URL that is good for so long: no cache keeps them longer. */
export const segmentForSeconds = (segment: Representation, seconds: number): Representation =>
  cachedAs(segment, `public, max-age=${seconds}, immutable`);

/** The same bytes under a URL of one viewer's own. */
export const ownSegment = (segment: Representation): Representation => cachedAs(segment, OWN_CACHING);

const cachedAs = (segment: Representation, caching: string): Representation => ({
  ...segment,
  headers: segment.headers.with(CACHE_CONTROL_AT, caching),
});
