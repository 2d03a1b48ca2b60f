// The kinds of field that requests and answers are made of.
import { IdPrefix } from '@millrace/domain';
import { isAddressRange } from '@millrace/service-kit';
import { z } from 'zod';

/** 26 characters of Crockford's base 32 behind the prefix: see `newId`. */
export const idField = (kind: keyof typeof IdPrefix) =>
  z
    .string()
    .regex(new RegExp(`^${IdPrefix[kind]}_[0-9a-hjkmnp-tv-z]{26}$`), `must be an id such as ${IdPrefix[kind]}_…`);

/** What people name things with: visible text of one line. Control and format characters would only serve to deceive. */
export const nameField = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'must be one line of visible characters');

const MAX_ALLOWED_ADDRESSES = 50;

/** Addresses and ranges of them. */
export const allowedAddressesField = () =>
  z
    .array(z.string().refine(isAddressRange, 'must be an address or a range such as 203.0.113.0/24'))
    .max(MAX_ALLOWED_ADDRESSES);

/** RFC 3339, in UTC: as answers give times. */
export const timeField = () => z.iso.datetime();

/** RFC 3339, with any offset, as `+00:00` of Python's `isoformat()`; still to come. */
export const futureTimeField = () =>
  z.iso.datetime({ offset: true }).refine((text) => Date.parse(text) > Date.now(), 'must be in the future');

const MAX_GRACE_SECONDS = 7 * 24 * 60 * 60;
export const DEFAULT_GRACE_SECONDS = 24 * 60 * 60;

/** How long a replaced secret remains valid. */
export const graceSecondsField = () => z.int().min(0).max(MAX_GRACE_SECONDS);

/** As answers give times. */
export const timeText = (time: Date): string => time.toISOString();
export const optionalTimeText = (time: Date | null): string | null => (time === null ? null : time.toISOString());
