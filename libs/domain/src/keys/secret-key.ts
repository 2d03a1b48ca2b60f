// Secrets that people copy by hand: a prefix, 30 random characters, 6 characters of checksum.
import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What a secret opens. The prefix makes a leaked one easy to find, and a mixed-up one easy to explain. */
export const SecretPrefix = {
  /** Publishes to one live stream. */
  streamKey: 'mr_st',
  /** Reaches one tenant by REST. */
  apiKey: 'mr_sk',
  /** Reaches every tenant by REST: the operator's. */
  operatorKey: 'mr_op',
  /** Signs join tokens and relay credentials of one tenant. */
  signingKey: 'mr_sg',
  /** Opens the console: kept by a browser in a cookie. */
  consoleSession: 'mr_cs',
  /** Opens one console session. */
  loginCode: 'mr_lc',
  /** Sets the password of one user, once: in invitations and password resets. */
  userLink: 'mr_ul',
} as const;
export type SecretPrefix = (typeof SecretPrefix)[keyof typeof SecretPrefix];

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 30;
const CHECKSUM_LENGTH = 6;

function checksum(text: string): string {
  let out = '';
  for (let rest = crc32(text) >>> 0, i = 0; i < CHECKSUM_LENGTH; i++, rest = Math.floor(rest / 62))
    out = ALPHABET[rest % 62] + out;
  return out;
}

/** Makes a secret of about 178 random bits such as `mr_st_…`; only `[A-Za-z0-9_]`, so it is safe in a path and in a query. */
export function newSecretKey(prefix: SecretPrefix): string {
  let random = '';
  for (let i = 0; i < RANDOM_LENGTH; i++) random += ALPHABET[randomInt(62)];
  const body = `${prefix}_${random}`;
  return body + checksum(body);
}

/** Says whether a text is a well-formed secret of this kind: a typing error is found without a database. */
export function isSecretKey(prefix: SecretPrefix, text: string): boolean {
  if (text.length !== prefix.length + 1 + RANDOM_LENGTH + CHECKSUM_LENGTH) return false;
  if (!text.startsWith(`${prefix}_`)) return false;
  const body = text.slice(0, -CHECKSUM_LENGTH);
  return checksum(body) === text.slice(-CHECKSUM_LENGTH);
}
