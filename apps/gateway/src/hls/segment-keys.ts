// AES-128 of HLS segments (RFC 8216 section 4.3.2.4): every gateway derives the same key, and so makes the same bytes of a segment.
import { createCipheriv, hkdfSync } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { BoundedCache } from '../cache/bounded-cache.ts';

const PURPOSE = 'millrace segment keys 1';
const KEY_BYTES = 16;
const IV_BYTES = 16;
const MAX_KEYS = 2_000;
/** Other requests wait while so much is encrypted: one or two milliseconds. */
const STEP_BYTES = 1024 * 1024;
/** The media sequence, and that of the first segment with the same key: as the packager names them. */
const ENCRYPTED_NAME = /^(\d{1,15})\.k(\d{1,15})\.[a-z0-9]+$/;

interface EncryptedName {
  readonly mediaSequence: number;
  readonly keySequence: number;
}

/** @returns undefined for the name of a segment that is not encrypted */
function readName(name: string): EncryptedName | undefined {
  const [, mediaSequence, keySequence] = ENCRYPTED_NAME.exec(name) ?? [];
  if (mediaSequence === undefined || keySequence === undefined) return undefined;
  return { mediaSequence: Number(mediaSequence), keySequence: Number(keySequence) };
}

/** Whether players get the segment of this name encrypted. */
export const isEncryptedName = (name: string): boolean => ENCRYPTED_NAME.test(name);

export class SegmentKeys {
  readonly #pepper: string;
  readonly #keys = new BoundedCache<string, Buffer>(MAX_KEYS);

  /** @param pepper what every gateway of this installation shares */
  constructor(pepper: string) {
    this.#pepper = pepper;
  }

  /** @param keySequence the first segment with this key, by its media sequence */
  keyOf(streamId: string, keySequence: number): Buffer {
    const name = `${streamId} ${keySequence}`;
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = Buffer.from(hkdfSync('sha256', this.#pepper, '', `${PURPOSE} ${name}`, KEY_BYTES));
    this.#keys.set(name, key);
    return key;
  }

  /** @returns what players fetch by this name: the bytes themselves when the name has no key in it */
  async encrypt(streamId: string, name: string, bytes: Uint8Array): Promise<Uint8Array> {
    const named = readName(name);
    if (named === undefined) return bytes;
    const cipher = createCipheriv('aes-128-cbc', this.keyOf(streamId, named.keySequence), ivOf(named.mediaSequence));
    const parts: Uint8Array[] = [];
    for (let from = 0; from < bytes.byteLength; from += STEP_BYTES) {
      if (from > 0) await setImmediate();
      parts.push(cipher.update(bytes.subarray(from, from + STEP_BYTES)));
    }
    return Buffer.concat([...parts, cipher.final()]);
  }
}

/** Section 5.2: "its big-endian binary representation ... in a 16-octet buffer and padding (on the left) with zeros". */
function ivOf(mediaSequence: number): Buffer {
  const iv = Buffer.alloc(IV_BYTES);
  iv.writeBigUInt64BE(BigInt(mediaSequence), IV_BYTES - 8);
  return iv;
}
