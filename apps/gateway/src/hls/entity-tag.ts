// RFC 9110 sections 8.8.3 and 13.1: entity tags and the conditions that name them.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

const TAG_LENGTH = 22;

/** A strong tag: other bytes have another one. */
export function strongTag(body: Uint8Array): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, TAG_LENGTH)}"`;
}

/** The same for what never changes under its name: a checksum costs a tenth of a digest, and a segment is large. */
export function immutableTag(body: Uint8Array): string {
  return `"${crc32(body).toString(36)}-${body.byteLength.toString(36)}"`;
}

/** Section 13.1.2: whether If-None-Match names this tag, by weak comparison. */
export function matchesTag(header: string, tag: string): boolean {
  if (header === tag) return true;
  if (header.trim() === '*') return true;
  return header.split(',').some((item) => item.trim().replace(/^W\//, '') === tag);
}

/** Section 13.1.5: whether If-Range lets the range be answered; strong comparison, and no date, since none is given out. */
export function holdsIfRange(header: string | undefined, tag: string): boolean {
  return header === undefined || header.trim() === tag;
}
