// RFC 8216 section 4.3.2.2: a range of bytes, as a tag's value and as an attribute.
import type { ByteRange } from './media-playlist.ts';
import { PlaylistError } from './playlist-error.ts';

const PLACE = 'hls/media-playlist';
const BYTE_RANGE = /^(\d{1,15})(?:@(\d{1,15}))?$/;

export function parseByteRange(text: string, line: number): ByteRange {
  const match = BYTE_RANGE.exec(text);
  if (match === null) throw new PlaylistError('byte-range', PLACE, line, 'no byte range');
  return { length: Number(match[1]), offset: match[2] === undefined ? undefined : Number(match[2]) };
}

export function formatByteRange(range: ByteRange): string {
  return range.offset === undefined
    ? formatInteger(range.length)
    : `${formatInteger(range.length)}@${formatInteger(range.offset)}`;
}

/** A decimal-integer (section 4.2). */
export function formatInteger(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no decimal integer`);
  return String(value);
}
