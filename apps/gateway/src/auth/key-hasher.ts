// Keys are kept as HMAC-SHA-256 with a secret of this installation (the pepper). A slow hash would buy nothing: a key has 178
// random bits, and it would make every publish expensive.
import { createHmac, timingSafeEqual } from 'node:crypto';

export class KeyHasher {
  readonly #pepper: Buffer;

  /** @param pepper a secret that every gateway of this installation shares */
  constructor(pepper: string) {
    this.#pepper = Buffer.from(pepper, 'utf8');
  }

  hash(secret: string): Buffer {
    return createHmac('sha256', this.#pepper).update(secret).digest();
  }

  /** Compares without telling by its time where the difference is. */
  matches(secret: string, hash: Buffer): boolean {
    const given = this.hash(secret);
    return given.length === hash.length && timingSafeEqual(given, hash);
  }

  /** Tells whether two gateways have the same pepper, without telling what it is. */
  fingerprint(): string {
    return this.hash('millrace pepper fingerprint').toString('base64url').slice(0, 22);
  }
}

/** How much of a secret is kept, so that people can tell their keys apart. */
const HINT_LENGTH = 4;

export const hintOf = (secret: string): string => secret.slice(-HINT_LENGTH);
