// draft-sharabayko-srt-01 sections 3.2.2 and 6: key material messages, and how the keys in them are wrapped.
import { createCipheriv, createDecipheriv, pbkdf2, pbkdf2Sync } from 'node:crypto';
import { promisify } from 'node:util';
import { ByteReader, ByteWriter, ProtocolError } from '../bytes/index.ts';

const PLACE = 'srt/key-material';

/** AES-128, AES-192 and AES-256. */
export type KeyBytes = 16 | 24 | 32;
const KEY_BYTES: readonly number[] = [16, 24, 32];
export const SALT_BYTES = 16;
const WRAP_BYTES = 8;
/** RFC 3394 section 2.2.3.1. */
const WRAP_IV = Buffer.alloc(WRAP_BYTES, 0xa6);
/** Section 6.1.4: "Iter = 2048". */
const ITERATIONS = 2_048;
/** S, version 1, packet type "keying material"; then the "HAI" signature. */
const HEAD = 0x12;
const SIGNATURE = 0x2029;
const AES_CTR = 2;
/** SRT over transport streams. */
const ENCAPSULATION = 2;
/** Which keys a message holds, as bits of `KeyFlag`. */
const BOTH_KEYS = 3;

/** What KMRSP holds instead of key material, where a message was not accepted (section 3.2.2). */
export const KeyState = { noSecret: 3, badSecret: 4 } as const;

export interface KeyMaterial {
  /** Bits of `KeyFlag`: both while one follows the other. */
  readonly keys: number;
  readonly keyBytes: KeyBytes;
  readonly salt: Buffer;
  readonly wrapped: Buffer;
}

/** @throws ProtocolError for what is not AES-CTR, as well */
export function decodeKeyMaterial(bytes: Uint8Array): KeyMaterial {
  const reader = new ByteReader(bytes, PLACE);
  if (reader.u8() !== HEAD || reader.u16() !== SIGNATURE)
    throw new ProtocolError('srt.key-material.head', PLACE, 'not a message of key material');
  const keys = reader.u8() & BOTH_KEYS;
  if (keys === 0) throw new ProtocolError('srt.key-material.keys', PLACE, 'no key');
  // KEKI: which passphrase, where a peer has several; 0 for the one of the stream (section 3.2.2).
  reader.skip(4);
  const cipher = reader.u8();
  const authentication = reader.u8();
  if (cipher !== AES_CTR || authentication !== 0)
    throw new ProtocolError('srt.key-material.cipher', PLACE, `cipher ${cipher}, authentication ${authentication}`);
  // What is encapsulated, which SRT knows already, and reserved bits.
  reader.skip(4);
  const saltBytes = reader.u8() * 4;
  const keyBytes = reader.u8() * 4;
  if (saltBytes !== SALT_BYTES) throw new ProtocolError('srt.key-material.salt', PLACE, `${saltBytes} bytes of salt`);
  if (!isKeyBytes(keyBytes)) throw new ProtocolError('srt.key-material.size', PLACE, `${keyBytes} bytes of key`);
  const salt = reader.take(SALT_BYTES);
  const wrapped = reader.take(WRAP_BYTES + keyBytes * (keys === BOTH_KEYS ? 2 : 1));
  return { keys, keyBytes, salt, wrapped };
}

export function encodeKeyMaterial({ keys, keyBytes, salt, wrapped }: KeyMaterial): Buffer {
  return new ByteWriter()
    .u8(HEAD)
    .u16(SIGNATURE)
    .u8(keys)
    .u32(0)
    .u8(AES_CTR)
    .u8(0)
    .u8(ENCAPSULATION)
    .u8(0)
    .u16(0)
    .u8(SALT_BYTES / 4)
    .u8(keyBytes / 4)
    .write(salt)
    .write(wrapped)
    .toBuffer();
}

export const isKeyBytes = (bytes: number): bytes is KeyBytes => KEY_BYTES.includes(bytes);

const saltOfPassphrase = (salt: Buffer): Buffer => salt.subarray(SALT_BYTES - 8);

/** Section 6.1.4: the key that wraps keys. Takes about a millisecond of a thread. */
export const deriveKeyEncryptionKey = (passphrase: string, salt: Buffer, keyBytes: KeyBytes): Promise<Buffer> =>
  promisify(pbkdf2)(passphrase, saltOfPassphrase(salt), ITERATIONS, keyBytes, 'sha1');

/** The same, at once. */
export const deriveKeyEncryptionKeySync = (passphrase: string, salt: Buffer, keyBytes: KeyBytes): Buffer =>
  pbkdf2Sync(passphrase, saltOfPassphrase(salt), ITERATIONS, keyBytes, 'sha1');

/** The even key, the odd one, or both behind each other; undefined where the wrapping key is another (RFC 3394). */
export function unwrapKeys(wrappingKey: Buffer, wrapped: Buffer): Buffer | undefined {
  const decipher = createDecipheriv(cipherName(wrappingKey), wrappingKey, WRAP_IV);
  try {
    return Buffer.concat([decipher.update(wrapped), decipher.final()]);
  } catch {
    // OpenSSL says nothing but that the integrity check has failed.
    return undefined;
  }
}

export function wrapKeys(wrappingKey: Buffer, keys: Buffer): Buffer {
  const cipher = createCipheriv(cipherName(wrappingKey), wrappingKey, WRAP_IV);
  return Buffer.concat([cipher.update(keys), cipher.final()]);
}

const cipherName = (key: Buffer): string => `id-aes${key.length * 8}-wrap`;
