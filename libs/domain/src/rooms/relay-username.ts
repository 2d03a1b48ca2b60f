// The user name of a time-limited relay credential: `expiry:tenant:subject`.
import { isId } from '../identity/ids.ts';

export interface RelayUsername {
  /** Seconds since 1970; no allocation is made or refreshed from then on. */
  readonly expiresAtS: number;
  readonly tenantId: string;
  /** Whose credential it is: what a revocation names. */
  readonly subject: string;
}

/** The longest subject. */
export const MAX_RELAY_SUBJECT_LENGTH = 64;

const EXPIRY = /^[1-9][0-9]{0,11}$/;
const SUBJECT = /^[A-Za-z0-9_-]+$/;

/** Says whether a text may be a subject: such a text is safe in subjects, keys, paths and logs. */
export function isRelaySubject(text: string): boolean {
  return text.length <= MAX_RELAY_SUBJECT_LENGTH && SUBJECT.test(text);
}

export function formatRelayUsername({ expiresAtS, tenantId, subject }: RelayUsername): string {
  return `${expiresAtS}:${tenantId}:${subject}`;
}

/** @returns undefined when the text is not of this form */
export function parseRelayUsername(text: string): RelayUsername | undefined {
  const [expiry = '', tenantId = '', subject = '', ...rest] = text.split(':');
  if (rest.length > 0 || !EXPIRY.test(expiry) || !isId('ten', tenantId) || !isRelaySubject(subject)) return undefined;
  return { expiresAtS: Number(expiry), tenantId, subject };
}
