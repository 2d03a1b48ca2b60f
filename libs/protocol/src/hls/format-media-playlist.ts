// RFC 8216 sections 4.3.2 and 4.3.3, draft-pantos-hls-rfc8216bis sections 4.4.3 to 4.4.5: writing a media playlist.
import { AttributeWriter, formatDecimal } from './attribute-list.ts';
import { formatByteRange, formatInteger as integer } from './byte-range.ts';
import { formatDateRange } from './date-range.ts';
import { formatDefine } from './define.ts';
import {
  formatPart,
  formatPartInf,
  formatPreloadHint,
  formatRenditionReport,
  formatServerControl,
  formatSkip,
} from './low-latency.ts';
import type { MediaPlaylist, MediaSegment, UnfinishedSegment } from './media-playlist.ts';
import { requiredVersion } from './media-playlist.ts';
import { PlaylistError } from './playlist-error.ts';
import { formatOtherTag, formatUriLine, hasControlCharacter } from './playlist-line.ts';
import { formatKey, formatStart } from './shared-tags.ts';

const PLACE = 'hls/media-playlist';

/**
 * Writes a media playlist. Sequence tags are left out where they are 0.
 * @throws PlaylistError when a URI, title or attribute would break out of its line, or the version is too low for what is
 *   in the list
 */
export function formatMediaPlaylist(playlist: MediaPlaylist): string {
  const needed = requiredVersion(playlist);
  if (playlist.version < needed) throw new PlaylistError('format.version', PLACE, 0, `needs version ${needed}`);
  const lines = ['#EXTM3U'];
  if (playlist.version > 1) lines.push(`#EXT-X-VERSION:${integer(playlist.version)}`);
  for (const define of playlist.defines ?? []) lines.push(formatDefine(define));
  if (playlist.independentSegments) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  if (playlist.start !== undefined) lines.push(formatStart(playlist.start));
  lines.push(`#EXT-X-TARGETDURATION:${integer(playlist.targetDuration)}`);
  if (playlist.serverControl !== undefined) lines.push(formatServerControl(playlist.serverControl));
  if (playlist.partTarget !== undefined) lines.push(formatPartInf(playlist.partTarget));
  // May be left out when it is 0 (§4.3.3.2), but every reader expects it.
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${integer(playlist.mediaSequence)}`);
  if (playlist.discontinuitySequence > 0) {
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${integer(playlist.discontinuitySequence)}`);
  }
  if (playlist.playlistType !== undefined) lines.push(`#EXT-X-PLAYLIST-TYPE:${playlist.playlistType}`);
  if (playlist.iFramesOnly) lines.push('#EXT-X-I-FRAMES-ONLY');
  if (playlist.skip !== undefined) lines.push(formatSkip(playlist.skip));
  for (const segment of playlist.segments) formatSegment(segment, lines);
  if (playlist.open !== undefined) formatHead(playlist.open, lines);
  for (const hint of playlist.preloadHints ?? []) lines.push(formatPreloadHint(hint));
  for (const report of playlist.renditionReports ?? []) lines.push(formatRenditionReport(report));
  for (const tag of playlist.otherTags) lines.push(formatOtherTag(tag, PLACE));
  if (playlist.endList) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

/** What comes before the duration of a segment: all that is known of one that is not whole yet. */
function formatHead(segment: Omit<UnfinishedSegment, 'parts'> & Pick<MediaSegment, 'parts'>, lines: string[]): void {
  if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
  for (const key of segment.keys) lines.push(formatKey('#EXT-X-KEY', key));
  if (segment.map !== undefined) {
    const range = segment.map.byteRange === undefined ? undefined : formatByteRange(segment.map.byteRange);
    const list = new AttributeWriter().quoted('URI', segment.map.uri).quoted('BYTERANGE', range);
    lines.push(`#EXT-X-MAP:${list.toString()}`);
  }
  if (segment.programDateTimeMs !== undefined) {
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.programDateTimeMs).toISOString()}`);
  }
  for (const range of segment.dateRanges ?? []) lines.push(formatDateRange(range));
  for (const tag of segment.otherTags) lines.push(formatOtherTag(tag, PLACE));
  for (const part of segment.parts ?? []) lines.push(formatPart(part));
}

function formatSegment(segment: MediaSegment, lines: string[]): void {
  formatHead(segment, lines);
  if (segment.gap === true) lines.push('#EXT-X-GAP');
  if (hasControlCharacter(segment.title)) throw new PlaylistError('format.title', PLACE, 0, 'control character');
  lines.push(`#EXTINF:${formatDecimal(segment.duration)},${segment.title}`);
  if (segment.byteRange !== undefined) lines.push(`#EXT-X-BYTERANGE:${formatByteRange(segment.byteRange)}`);
  lines.push(formatUriLine(segment.uri, PLACE));
}
