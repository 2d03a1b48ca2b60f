// RFC 8489 sections 9.2.2, 14.4 and 18.5.1: what user names and passwords become.
import { createHash } from 'node:crypto';

/** RFC 8489 section 18.5.1, with the numbers of the registry. */
export const PasswordAlgorithmNumber = { md5: 0x0001, sha256: 0x0002 } as const;
export type PasswordHash = keyof typeof PasswordAlgorithmNumber;

export const USERHASH_BYTES = 32;

/**
 * The key of long-term credentials: MD5 or SHA-256 over `username:realm:password`.
 * @param username as it is in USERNAME: that was prepared by who chose it
 */
export function longTermKey(username: string, realm: string, password: string, algorithm: PasswordHash): Buffer {
  const text = `${username}:${opaqueString(realm)}:${opaqueString(password)}`;
  return createHash(algorithm).update(text, 'utf8').digest();
}

/** The key of short-term credentials (section 9.1.1): the password. */
export function shortTermKey(password: string): Buffer {
  return Buffer.from(opaqueString(password), 'utf8');
}

/** The value of USERHASH, in place of the name (section 14.4). */
export function userhash(username: string, realm: string): Buffer {
  return createHash('sha256')
    .update(`${opaqueString(username)}:${opaqueString(realm)}`, 'utf8')
    .digest();
}

/**
 * RFC 8265 section 4.2.1, the mappings of the profile OpaqueString: every other space becomes a space, and the form is
 * NFC. It does not judge which characters are allowed: who gives out a password chooses those.
 */
export function opaqueString(text: string): string {
  return text.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}
