// Passwords are kept as argon2id hashes (RFC 9106) with a secret of this installation, in the PHC string format.
import { argon2, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Lines } from '@millrace/service-kit';
import { ProblemError } from '../http/problem-error.ts';

const argon2Async = promisify(argon2);

const SALT_BYTES = 16;
const TAG_BYTES = 32;
const SECRET_BYTES = 32;
/** OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
const COST = { memory: 19 * 1_024, passes: 2, parallelism: 1 };
const MAX_WAITING = 100;
const RETRY_AFTER_S = 1;

const FORMAT =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,64})\$([A-Za-z0-9+/]{22,86})$/;

export class Passwords {
  readonly #secret: Buffer;
  readonly #line: Lines;
  /** Compared with where there is no password, so that this takes as long. */
  readonly #nothing: Promise<string>;

  /** @param pepper the secret of this installation; a key is derived from it (HKDF, RFC 5869) */
  constructor(pepper: string, atOnce: number, maxWaiting = MAX_WAITING) {
    this.#secret = Buffer.from(hkdfSync('sha256', pepper, '', 'millrace passwords 1', SECRET_BYTES));
    this.#line = new Lines(atOnce, maxWaiting);
    this.#nothing = this.hash(randomBytes(SALT_BYTES).toString('hex'));
  }

  /** @throws ProblemError when too many wait already */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const tag = await this.#derive(password, salt, COST, TAG_BYTES);
    const { memory, passes, parallelism } = COST;
    return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
  }

  /**
   * Takes as long when there is no password to compare with.
   *
   * @throws ProblemError when too many wait already
   */
  async matches(password: string, kept: string | null): Promise<boolean> {
    const [, memory, passes, parallelism, salt = '', hash = ''] = FORMAT.exec(kept ?? (await this.#nothing)) ?? [];
    const expected = Buffer.from(hash, 'base64');
    const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
    if (expected.length === 0) throw new Error('this is no password hash of a known format');
    const tag = await this.#derive(password, Buffer.from(salt, 'base64'), cost, expected.length);
    return timingSafeEqual(tag, expected) && kept !== null;
  }

  async #derive(password: string, nonce: Buffer, cost: typeof COST, tagLength: number): Promise<Buffer> {
    const leave = await this.#line.enter('passwords');
    if (leave === undefined)
      throw new ProblemError('too_many_requests', 'Too many passwords are being checked.', {
        headers: { 'retry-after': String(RETRY_AFTER_S) },
      });
    try {
      // Normalised, so that a keyboard that writes é in another way writes the same password.
      const message = password.normalize('NFKC');
      return await argon2Async('argon2id', { message, nonce, secret: this.#secret, tagLength, ...cost });
    } finally {
      leave();
    }
  }
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

export const MIN_PASSWORD_LENGTH = 12;
export const MAX_PASSWORD_LENGTH = 256;
const MIN_DIFFERENT_CHARACTERS = 5;
/** What makes up most long passwords that are guessed first. */
const COMMON_PARTS = [
  'password',
  'passwort',
  'letmein',
  'welcome',
  'millrace',
  'qwertyuiop',
  'qwertzuiop',
  'asdfghjkl',
  'iloveyou',
  '1234567890',
  '0123456789',
  '9876543210',
  'abcdefghij',
  'administrator',
  'changeme',
  'trustno1',
  'football',
];
/** So much must be left of a password besides those. */
const MIN_OWN_LENGTH = 6;

/** @returns what is wrong with a new password; undefined when nothing is. Its length is for the schema to check. */
export function faultOfPassword(password: string, email: string): string | undefined {
  const plain = password.normalize('NFKC').toLowerCase();
  if (new Set(plain).size < MIN_DIFFERENT_CHARACTERS)
    return `must have at least ${MIN_DIFFERENT_CHARACTERS} different characters`;
  const [name = ''] = email.split('@');
  if (
    plain.includes(email) ||
    (name.length >= MIN_DIFFERENT_CHARACTERS && withoutParts(plain, [name]) < MIN_OWN_LENGTH)
  )
    return 'must not be made of your email address';
  if (withoutParts(plain, COMMON_PARTS) < MIN_OWN_LENGTH) return 'is one of the passwords that are guessed first';
  return undefined;
}

const withoutParts = (text: string, parts: readonly string[]): number =>
  parts.reduce((rest, part) => rest.replaceAll(part, ''), text).length;
