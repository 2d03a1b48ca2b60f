// Which version of an object a caller has seen (RFC 9110 section 8.8.3): changes with what is stored of it, and not with what it is
// doing now, so that a change which is based on an older version can be refused.
import { createHash } from 'node:crypto';
import type { Principal } from '../auth/principal.ts';
import { ProblemError } from '../http/problem-error.ts';

/** Every change of an object moves one of these. */
const STAMPS = ['created_at', 'updated_at', 'expires_at', 'revoked_at'] as const;
const TAG_LENGTH = 16;

export type Stamped = { readonly [stamp in (typeof STAMPS)[number]]?: string | null | undefined };

export function entityTag(object: Stamped): string {
  const stamps = STAMPS.map((stamp) => object[stamp] ?? '').join(' ');
  return `"${createHash('sha256').update(stamps).digest('base64url').slice(0, TAG_LENGTH)}"`;
}

/**
 * Call it in the transaction of a change, with the row held. RFC 9110 section 13.1.1: `*`, or a list of which one must match; a weak tag
 * matches nothing.
 *
 * @param object as it is before the change
 * @throws ProblemError `etag_mismatch` when the caller has seen another version
 */
export function requireMatch({ request: { ifMatch } }: Principal, object: Stamped): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const current = entityTag(object);
  if (ifMatch.split(',').some((tag) => tag.trim() === current)) return;
  throw new ProblemError(
    'etag_mismatch',
    'The object was changed since it was read: `If-Match` names another version.',
    {
      headers: { etag: current },
    },
  );
}

/** The time of a change: later than that of the one before it, also where a clock went back, so that the tag changes. */
export const timeOfChange = (before: Date): Date => new Date(Math.max(Date.now(), before.getTime() + 1));
