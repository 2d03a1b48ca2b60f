// Identifiers: a prefix that says what it names, then 26 characters that sort by the time they were made.
import { randomBytes, randomInt } from 'node:crypto';

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
  joinToken: 'tok',
  ban: 'ban',
  event: 'evt',
  webhookEndpoint: 'whe',
  webhookDelivery: 'whd',
  playbackKey: 'pky',
  playbackRestriction: 'prs',
  auditEvent: 'aud',
  user: 'usr',
  consoleSession: 'cse',
  ingestSource: 'src',
  simulcastTarget: 'smt',
} as const;
export type IdPrefix = (typeof IdPrefix)[keyof typeof IdPrefix];

/** Crockford's base 32 in lower case: no i, l, o, u, so that an id can be read out loud, and its order is the byte order. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;
const COUNTER_CHARACTERS = 4;
const RANDOM_CHARACTERS = 12;

/** A counter begins in the lower half, so that a millisecond has room for half a million ids and more. */
const COUNTER_START = 2 ** (5 * COUNTER_CHARACTERS - 1);
const COUNTER_END = 2 ** (5 * COUNTER_CHARACTERS);

/** The time and the counter of the newest id: ids of one process sort in the order in which they were made. */
let newest = { timeMs: -1, counter: 0 };

/**
 * Makes an identifier such as `str_01jd9v…`: 48 bits of time in milliseconds, then 20 bits that begin anywhere and count up
 * within a millisecond (RFC 9562 §6.2, method 1), then 60 random bits.
 *
 * @param nowMs wall-clock time in milliseconds since 1970, below 2^48
 */
export function newId(prefix: IdPrefix, nowMs: number = Date.now()): string {
  const isNext = nowMs === newest.timeMs && newest.counter + 1 < COUNTER_END;
  newest = { timeMs: nowMs, counter: isNext ? newest.counter + 1 : randomInt(COUNTER_START) };
  let random = '';
  for (const byte of randomBytes(RANDOM_CHARACTERS)) random += ALPHABET[byte & 31];
  return `${prefix}_${base32(nowMs, TIME_CHARACTERS)}${base32(newest.counter, COUNTER_CHARACTERS)}${random}`;
}

function base32(value: number, characters: number): string {
  let text = '';
  for (let rest = value, i = 0; i < characters; i++, rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text;
  return text;
}

/** Says whether a text has the form of an identifier of this kind. Such a text is safe in subjects, keys, paths and logs. */
export function isId(prefix: IdPrefix, text: string): boolean {
  if (text.length !== prefix.length + 1 + TIME_CHARACTERS + COUNTER_CHARACTERS + RANDOM_CHARACTERS) return false;
  if (!text.startsWith(`${prefix}_`)) return false;
  for (let i = prefix.length + 1; i < text.length; i++) if (!ALPHABET.includes(text[i]!)) return false;
  return true;
}
