// The kinds of value that settings are made of.
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

const hasScheme = (address: string, schemes: readonly string[]) =>
  URL.canParse(address) && schemes.includes(new URL(address).protocol.slice(0, -1));

const schemeFault = (schemes: readonly string[]) =>
  `must be an address that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;

/** An address with one of these schemes, such as `redis://127.0.0.1:6379`. The fault does not quote it: it may hold a password. */
export const url = (...schemes: readonly string[]) =>
  z.string().refine((address) => hasScheme(address, schemes), schemeFault(schemes));

/** One or more such addresses, separated by commas. */
export const urls = (...schemes: readonly string[]) =>
  z
    .string()
    .refine((list) => list.split(',').every((address) => hasScheme(address.trim(), schemes)), schemeFault(schemes));

/** A non-empty text. */
export const text = z.string().min(1);

/** Texts separated by commas; none when the variable is set to nothing (see `emptyIsNone`). */
export const list = z.string().transform((text) => (text === '' ? [] : text.split(',').map((item) => item.trim())));

/** Ranges of IP addresses such as 10.0.0.0/8, or single addresses. */
export const addressRanges = list.refine(
  (ranges) => ranges.every(isAddressRange),
  'must be ranges such as 10.0.0.0/8, separated by commas',
);
