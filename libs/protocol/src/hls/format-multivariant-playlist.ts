// RFC 8216 section 4.3.4: writing a multivariant playlist.
import { formatDefine } from './define.ts';
import type { MultivariantPlaylist } from './multivariant-playlist.ts';
import { formatRendition, formatSessionData, formatVariant } from './multivariant-playlist.ts';
import { formatOtherTag, formatUriLine } from './playlist-line.ts';
import { formatKey, formatStart } from './shared-tags.ts';

const PLACE = 'hls/multivariant-playlist';

/**
 * Writes a multivariant playlist.
 * @throws PlaylistError when a URI or attribute would break out of its line
 */
export function formatMultivariantPlaylist(playlist: MultivariantPlaylist): string {
  const lines = ['#EXTM3U'];
  if (playlist.version > 1) lines.push(`#EXT-X-VERSION:${playlist.version}`);
  for (const define of playlist.defines ?? []) lines.push(formatDefine(define));
  if (playlist.independentSegments) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  if (playlist.start !== undefined) lines.push(formatStart(playlist.start));
  for (const data of playlist.sessionData) lines.push(formatSessionData(data));
  for (const key of playlist.sessionKeys) lines.push(formatKey('#EXT-X-SESSION-KEY', key));
  for (const tag of playlist.otherTags) lines.push(formatOtherTag(tag, PLACE));
  for (const rendition of playlist.renditions) lines.push(formatRendition(rendition));
  for (const variant of playlist.variants) {
    lines.push(`#EXT-X-STREAM-INF:${formatVariant(variant).toString()}`, formatUriLine(variant.uri, PLACE));
  }
  for (const variant of playlist.iFrameVariants) {
    lines.push(`#EXT-X-I-FRAME-STREAM-INF:${formatVariant(variant).quoted('URI', variant.uri).toString()}`);
  }
  return `${lines.join('\n')}\n`;
}
