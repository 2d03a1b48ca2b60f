// RFC 9110 section 14: one range of bytes.

export interface RequestedRange {
  readonly start: number;
  /** The last byte, included. */
  readonly end: number;
}

const BYTES_RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i;

/**
 * Reads a Range header.
 *
 * @param length of the whole, in bytes
 * @returns undefined when it is to be ignored: malformed, of another unit, or of several ranges, which section 14.2 allows
 */
export function parseRange(header: string, length: number): RequestedRange | 'unsatisfiable' | undefined {
  const [, first, last] = BYTES_RANGE.exec(header.trim()) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    // A suffix: the last bytes, at most all of them.
    const suffix = Math.min(Number(last), length);
    return suffix === 0 ? 'unsatisfiable' : { start: length - suffix, end: length - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= length) return 'unsatisfiable';
  return { start, end: last === '' ? length - 1 : Math.min(Number(last), length - 1) };
}
