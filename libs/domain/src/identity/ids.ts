// Identifiers: a prefix that says what it names, then 26 characters that sort by the time they were made.
import { randomBytes } from 'node:crypto';

/** The prefix of every kind of identifier. */
export const IdPrefix = {
  tenant: 'ten',
  apiKey: 'key',
  liveStream: 'str',
  streamKey: 'skey',
  playback: 'pbk',
  session: 'ses',
  request: 'req',
  room: 'room',
  participant: 'par',
  iceServers: 'ice',
  signingKey: 'sgk',
} as const;
export type IdPrefix = (typeof IdPrefix)[keyof typeof IdPrefix];

/** Crockford's base 32 in lower case: no i, l, o, u, so that an id can be read out loud, and its order is the byte order. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;

/**
 * Makes an identifier such as `str_01jd9v…`: 48 bits of time in milliseconds, then 80 random bits.
 *
 * @param nowMs wall-clock time in milliseconds since 1970, below 2^48
 */
export function newId(prefix: IdPrefix, nowMs: number = Date.now()): string {
  let time = '';
  for (let rest = nowMs, i = 0; i < TIME_CHARACTERS; i++, rest = Math.floor(rest / 32))
    time = ALPHABET[rest % 32] + time;
  let random = '';
  for (const byte of randomBytes(RANDOM_CHARACTERS)) random += ALPHABET[byte & 31];
  return `${prefix}_${time}${random}`;
}

/** Says whether a text has the form of an identifier of this kind. Such a text is safe in subjects, keys, paths and logs. */
export function isId(prefix: IdPrefix, text: string): boolean {
  if (text.length !== prefix.length + 1 + TIME_CHARACTERS + RANDOM_CHARACTERS) return false;
  if (!text.startsWith(`${prefix}_`)) return false;
  for (let i = prefix.length + 1; i < text.length; i++) if (!ALPHABET.includes(text[i]!)) return false;
  return true;
}
