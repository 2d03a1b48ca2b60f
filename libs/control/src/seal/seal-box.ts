// What requests and their answers are encrypted with: X25519 (RFC 7748), HKDF (RFC 5869), AES-256-GCM (NIST SP 800-38D).
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = 'millrace control request 1';

/** RFC 8410: the bytes before the 32 of an X25519 key in DER. */
const PRIVATE_KEY_HEADER = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_KEY_HEADER = Buffer.from('302a300506032b656e032100', 'hex');

/** One key for each direction: an answer can never be taken for a request. */
export interface ExchangeKeys {
  readonly request: Buffer;
  readonly answer: Buffer;
}

export const privateKeyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PRIVATE_KEY_HEADER, seed]), format: 'der', type: 'pkcs8' });

/** @throws TypeError when the text is not 32 bytes in base64url */
export function publicKeyOf(text: string): KeyObject {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== KEY_BYTES) throw new TypeError('not an X25519 public key');
  return createPublicKey({ key: Buffer.concat([PUBLIC_KEY_HEADER, bytes]), format: 'der', type: 'spki' });
}

/** The public half as 32 bytes in base64url. */
export function publicKeyText(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_KEY_HEADER.length).toString('base64url');
}

/**
 * The keys of one exchange between an asker and a gateway. Both public keys go into the derivation (as in HPKE, RFC 9180
 * section 4.1), so that neither can be replaced on the way.
 */
export function exchangeKeys(own: KeyObject, peer: KeyObject, askerKey: string, gatewayKey: string): ExchangeKeys {
  const secret = diffieHellman({ privateKey: own, publicKey: peer });
  const keys = Buffer.from(hkdfSync('sha256', secret, `${askerKey}.${gatewayKey}`, PURPOSE, 2 * KEY_BYTES));
  return { request: keys.subarray(0, KEY_BYTES), answer: keys.subarray(KEY_BYTES) };
}

/**
 * Encrypts a value as JSON.
 *
 * @param subject what the box is said on: it opens for no other
 * @returns nonce, ciphertext and tag in base64
 */
export function sealBox(key: Buffer, subject: string, value: unknown): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(subject));
  const body = Buffer.concat([cipher.update(JSON.stringify(value) ?? 'null', 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64');
}

/** @throws when it was sealed with another key, for another subject, or was changed */
export function openBox(key: Buffer, subject: string, box: string): unknown {
  const bytes = Buffer.from(box, 'base64');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error('the box is too short');
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(subject))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  const body = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  return JSON.parse(body.toString('utf8')) as unknown;
}
