// RFC 8216 section 4.1: the lines of a playlist.
import { PlaylistError } from './playlist-error.ts';

/** Bytes would be a better unit, but characters are what there is: 8 Mi of them. */
export const MAX_PLAYLIST_CHARACTERS = 8 * 1024 * 1024;
/** Most lines of a playlist: a day of 2-second segments with three lines each. */
export const MAX_PLAYLIST_LINES = 131_072;

export type PlaylistLine =
  | { readonly kind: 'tag'; readonly line: number; readonly name: string; readonly value: string | undefined }
  | { readonly kind: 'uri'; readonly line: number; readonly uri: string };

/** "Playlist files MUST NOT contain any UTF-8 control characters ... with the exceptions of CR and LF" (section 4.1). */
const CONTROL_CHARACTER = /\p{Cc}/u;

/** Whether a text holds a character that is forbidden in a playlist line, line breaks among them. */
export function hasControlCharacter(text: string): boolean {
  return CONTROL_CHARACTER.test(text);
}

/**
 * Splits a playlist into its tags and URIs; comments and empty lines are left out.
 * @throws PlaylistError when it is too large, does not begin with #EXTM3U, or holds control characters
 */
export function readPlaylistLines(text: string, place: string): PlaylistLine[] {
  if (text.length > MAX_PLAYLIST_CHARACTERS)
    throw new PlaylistError('too-large', place, 0, `${text.length} characters`);
  const rows = text.split('\n');
  if (rows.length > MAX_PLAYLIST_LINES) throw new PlaylistError('too-many-lines', place, 0, `${rows.length} lines`);
  const lines: PlaylistLine[] = [];
  for (const [index, row] of rows.entries()) {
    const content = row.endsWith('\r') ? row.slice(0, -1) : row;
    const line = index + 1;
    if (hasControlCharacter(content)) throw new PlaylistError('control-character', place, line, 'control character');
    if (line === 1 && content !== '#EXTM3U') {
      throw new PlaylistError('no-header', place, line, 'a playlist begins with #EXTM3U');
    }
    if (line > 1 && content.startsWith('#EXT')) lines.push(tagLine(content, line));
    else if (content !== '' && !content.startsWith('#')) lines.push({ kind: 'uri', line, uri: content });
  }
  return lines;
}

function tagLine(content: string, line: number): PlaylistLine {
  const colon = content.indexOf(':');
  return colon < 0
    ? { kind: 'tag', line, name: content, value: undefined }
    : { kind: 'tag', line, name: content.slice(0, colon), value: content.slice(colon + 1) };
}

/**
 * A URI line, checked: nothing a peer has chosen can become another line or a tag.
 * @throws PlaylistError for an empty URI, one that begins with "#", and control characters or spaces
 */
export function formatUriLine(uri: string, place: string): string {
  if (uri === '' || uri.startsWith('#') || uri.includes(' ') || hasControlCharacter(uri)) {
    throw new PlaylistError('format.uri', place, 0, 'not a URI that can stand on a line of its own');
  }
  return uri;
}

/**
 * Tags this library does not know, as they go out again.
 * @throws PlaylistError when one is not a single tag line
 */
export function formatOtherTag(tag: string, place: string): string {
  if (!tag.startsWith('#EXT') || hasControlCharacter(tag)) throw new PlaylistError('format.tag', place, 0, 'not a tag');
  return tag;
}
