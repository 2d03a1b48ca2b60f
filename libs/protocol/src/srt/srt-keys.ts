// draft-sharabayko-srt-01 sections 6.1 and 6.3: the keys of one connection, both ways, and their refresh.
import { randomBytes } from 'node:crypto';
import { deriveKeyEncryptionKeySync, encodeKeyMaterial, SALT_BYTES, unwrapKeys, wrapKeys } from './key-material.ts';
import type { KeyBytes, KeyMaterial } from './key-material.ts';
import { KeyFlag } from './packet.ts';
import { StreamCipher } from './stream-cipher.ts';

/** Section 6.1.6: "KM Refresh Period", "KM Pre-Announcement Period", in packets. */
const REFRESH = { packets: 2 ** 24, announcedBefore: 2 ** 12 } as const;

export class SrtKeys {
  /** Which key is encrypted with now. */
  active: KeyFlag = KeyFlag.even;
  /** Key material that the peer has to acknowledge; undefined when it has. */
  announcement: Buffer | undefined;
  readonly #wrappingKey: Buffer;
  readonly #salt: Buffer;
  readonly #maxBytes: number;
  readonly #refresh: RefreshPeriod;
  readonly #keys = new Map<number, Buffer>();
  #even: StreamCipher | undefined;
  #odd: StreamCipher | undefined;
  #encrypted = 0;

  private constructor(wrappingKey: Buffer, salt: Buffer, maxBytes: number, refresh: RefreshPeriod) {
    this.#wrappingKey = wrappingKey;
    this.#salt = Buffer.from(salt);
    this.#maxBytes = maxBytes;
    this.#refresh = refresh;
  }

  /** @returns undefined where the keys were wrapped with another key: the passphrase is another */
  static open(material: KeyMaterial, wrappingKey: Buffer, maxBytes: number): SrtKeys | undefined {
    const keys = new SrtKeys(wrappingKey, material.salt, maxBytes, REFRESH);
    return keys.take(material) ? keys : undefined;
  }

  /** Keys of its own, for the side that opens a connection. */
  static make(passphrase: string, keyBytes: KeyBytes, maxBytes: number, refresh: RefreshPeriod = REFRESH): SrtKeys {
    const salt = randomBytes(SALT_BYTES);
    const keys = new SrtKeys(deriveKeyEncryptionKeySync(passphrase, salt, keyBytes), salt, maxBytes, refresh);
    keys.#put(KeyFlag.even, randomBytes(keyBytes));
    return keys;
  }

  /** Takes keys that the peer will encrypt with. @returns false where they cannot be unwrapped */
  take({ keys, keyBytes, salt, wrapped }: KeyMaterial): boolean {
    if (!salt.equals(this.#salt) || keyBytes !== this.#wrappingKey.length) return false;
    const unwrapped = unwrapKeys(this.#wrappingKey, wrapped);
    if (unwrapped === undefined) return false;
    let at = 0;
    for (const flag of [KeyFlag.even, KeyFlag.odd])
      if ((keys & flag) !== 0) this.#put(flag, unwrapped.subarray(at, (at += keyBytes)));
    // A peer sends in its direction with the same key, at first with the only one there is.
    if (this.#keys.size === 1 && !this.#keys.has(this.active)) this.active = keys as KeyFlag;
    return true;
  }

  /** The message that tells a peer of the keys. */
  get material(): Buffer {
    const flags = [KeyFlag.even, KeyFlag.odd].filter((flag) => this.#keys.has(flag));
    const keys = Buffer.concat(flags.map((flag) => this.#keys.get(flag)!));
    const wrapped = wrapKeys(this.#wrappingKey, keys);
    const keyBytes = this.#wrappingKey.length as KeyBytes;
    return encodeKeyMaterial({
      keys: flags.reduce<number>((all, flag) => all | flag, 0),
      keyBytes,
      salt: this.#salt,
      wrapped,
    });
  }

  /** @returns false where there is no such key */
  decrypt(flag: number, sequence: number, payload: Buffer): boolean {
    const cipher = flag === KeyFlag.even ? this.#even : flag === KeyFlag.odd ? this.#odd : undefined;
    cipher?.apply(sequence, payload);
    return cipher !== undefined;
  }

  /** Encrypts in place with the active key, and counts towards its refresh. */
  encrypt(sequence: number, payload: Buffer): void {
    (this.active === KeyFlag.even ? this.#even : this.#odd)?.apply(sequence, payload);
    this.#encrypted++;
    const { packets, announcedBefore } = this.#refresh;
    const other = this.active === KeyFlag.even ? KeyFlag.odd : KeyFlag.even;
    if (this.#encrypted === packets - announcedBefore) {
      this.#put(other, randomBytes(this.#wrappingKey.length));
      this.announcement = this.material;
    } else if (this.#encrypted === packets) {
      this.active = other;
      this.#encrypted = 0;
    }
  }

  #put(flag: KeyFlag, key: Buffer): void {
    this.#keys.set(flag, Buffer.from(key));
    const cipher = new StreamCipher(key, this.#salt, this.#maxBytes);
    if (flag === KeyFlag.even) this.#even = cipher;
    else this.#odd = cipher;
  }
}

export interface RefreshPeriod {
  readonly packets: number;
  readonly announcedBefore: number;
}
