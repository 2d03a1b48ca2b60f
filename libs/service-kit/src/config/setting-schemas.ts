// The kinds of value that settings are made of.
import { readUrl } from '@millrace/protocol/bytes';
import { z } from 'zod';
import { isAddressRange } from '../connections/address-ranges.ts';

const decimal = z.string().regex(/^\d{1,15}$/, 'must be a whole number');

/** A whole number within bounds, both included. */
export const wholeNumber = (minimum: number, maximum: number) =>
  decimal
    .transform(Number)
    .pipe(z.number().min(minimum, `must be at least ${minimum}`).max(maximum, `must be at most ${maximum}`));

/** What windows of packets are counted in. */
export const powerOfTwo = (minimum: number, maximum: number) =>
  wholeNumber(minimum, maximum).refine((count) => (count & (count - 1)) === 0, 'must be a power of two');

/** A TCP port; 0 lets the system choose a free one. */
export const port = wholeNumber(0, 65_535);

/** More than that a timer of Node.js cannot hold: nearly 25 days. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A time in milliseconds, at most what a timer can hold. */
export const milliseconds = (minimum = 0) => wholeNumber(minimum, LONGEST_TIMER_MS);

/** A size in bytes. */
export const bytes = (minimum = 0, maximum = Number.MAX_SAFE_INTEGER) => wholeNumber(minimum, maximum);

/** `true` or `false`, also written `1` or `0`. */
export const flag = z
  .enum(['true', 'false', '1', '0'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1');

/** PostgreSQL is also reached through a socket file: without a host, or with its folder, percent-encoded, as the host. */
const SOCKET_FILE = /^postgres(?:ql)?:\/\/(?:[^/?#]*@)?(?:%2f|[/?#]|$)/i;

function faultOf(address: string, schemes: readonly string[]): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !schemes.includes(url.protocol.slice(0, -1)))
    return `must be an address that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  const read = SOCKET_FILE.test(address) ? undefined : readUrl(url);
  return typeof read === 'string' ? read : undefined;
}

/** An address with one of these schemes, such as `redis://127.0.0.1:6379`. The fault does not quote it: it may hold a password. */
export const url = (...schemes: readonly string[]) =>
  z.string().superRefine((address, context) => {
    const message = faultOf(address, schemes);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

/** One or more such addresses, separated by commas. */
export const urls = (...schemes: readonly string[]) =>
  z.string().superRefine((list, context) => {
    for (const address of list.split(',')) {
      const message = faultOf(address.trim(), schemes);
      if (message !== undefined) return context.addIssue({ code: 'custom', message });
    }
  });

/** A non-empty text. */
export const text = z.string().min(1);

/** Texts separated by commas; none when the variable is set to nothing (see `emptyIsNone`). */
export const list = z.string().transform((text) => (text === '' ? [] : text.split(',').map((item) => item.trim())));

/** Ranges of IP addresses such as 10.0.0.0/8, or single addresses. */
export const addressRanges = list.refine(
  (ranges) => ranges.every(isAddressRange),
  'must be ranges such as 10.0.0.0/8, separated by commas',
);
