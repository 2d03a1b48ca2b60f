// What a ban of a room names: an identity, or the token of a guest.
import { createHash } from 'node:crypto';
import type { Admission } from './participant.ts';

export const BAN_KINDS = ['identity', 'token'] as const;
export type BanKind = (typeof BAN_KINDS)[number];

export interface BanSubject {
  readonly kind: BanKind;
  /** The identity, or the id of the token. */
  readonly subject: string;
}

interface Bearer {
  readonly identity: string | undefined;
  readonly admission?: Pick<Admission, 'tokenId'> | undefined;
}

/** What to ban of a participant: its identity; of a guest the token. Undefined: a guest that an older release let in. */
export function banSubjectOf({ identity, admission }: Bearer): BanSubject | undefined {
  if (identity !== undefined) return { kind: 'identity', subject: identity };
  return admission === undefined ? undefined : { kind: 'token', subject: admission.tokenId };
}

/** A ban in a form of bounded length: 43 characters, whatever a tenant calls people and tokens. */
export const banKey = ({ kind, subject }: BanSubject): string =>
  createHash('sha256').update(`${kind}:${subject}`).digest('base64url');

/** The bans that any of would keep this bearer out. */
export function banKeysOf({ identity, admission }: Bearer): string[] {
  return [
    ...(identity === undefined ? [] : [banKey({ kind: 'identity', subject: identity })]),
    ...(admission === undefined ? [] : [banKey({ kind: 'token', subject: admission.tokenId })]),
  ];
}
