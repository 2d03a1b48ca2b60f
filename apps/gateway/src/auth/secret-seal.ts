// Secrets that are needed in clear to check what was made with them are encrypted, rather than hashed alone.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
/** NIST SP 800-38D section 8.2.2: 96 random bits are safe for 2^32 secrets under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The first byte of what is stored, so that another way of sealing can come later. */
const FORMAT = 1;
const SIGNING_KEYS = 'millrace signing keys 1';
const STREAM_KEYS = 'millrace stream keys 1';
const SRT_PASSPHRASES = 'millrace srt passphrases 1';
const INGEST_SOURCES = 'millrace ingest sources 1';
const SIMULCAST_KEYS = 'millrace simulcast keys 1';
const ANSWERS = 'millrace idempotent answers 1';
const TOTP_SECRETS = 'millrace totp 1';

export class SecretSeal {
  readonly #key: Buffer;

  /**
   * @param pepper the secret of this installation; the key is derived from it (HKDF, RFC 5869), so it serves nothing else
   * @param purpose what is sealed: each kind of secret has a key of its own
   */
  constructor(pepper: string, purpose: string = SIGNING_KEYS) {
    this.#key = Buffer.from(hkdfSync('sha256', pepper, '', purpose, KEY_BYTES));
  }

  /** @param owner what the secret belongs to: it opens for nothing else, so that no row can take over another one's secret */
  seal(secret: string, owner: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.of(FORMAT), nonce, sealed, cipher.getAuthTag()]);
  }

  /** @throws when it was sealed with another pepper, for another owner, or was changed */
  open(sealed: Buffer, owner: string): string {
    if (sealed[0] !== FORMAT || sealed.length < 1 + NONCE_BYTES + TAG_BYTES)
      throw new Error('this is no sealed secret of a known format');
    const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
    const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(owner))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    const body = sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  }
}

/** Seals stream keys, for protocols in which an encoder sends a digest of its key and never the key. */
export class StreamKeySeal extends SecretSeal {
  constructor(pepper: string) {
    super(pepper, STREAM_KEYS);
  }
}

/** Seals passphrases of SRT, which derive keys and are never sent. */
export class SrtPassphraseSeal extends SecretSeal {
  constructor(pepper: string) {
    super(pepper, SRT_PASSPHRASES);
  }
}

/** Seals the credentials of sources, which edges show to cameras. */
export class IngestSourceSeal extends SecretSeal {
  constructor(pepper: string) {
    super(pepper, INGEST_SOURCES);
  }
}

/** Seals stream keys at other servers, which edges need to publish there. */
export class SimulcastKeySeal extends SecretSeal {
  constructor(pepper: string) {
    super(pepper, SIMULCAST_KEYS);
  }
}

/** Seals the answers that are kept to be repeated. */
export class AnswerSeal extends SecretSeal {
  constructor(pepper: string) {
    super(pepper, ANSWERS);
  }
}

/** Seals what authenticator apps compute their codes from. */
export class TotpSeal extends SecretSeal {
  constructor(pepper: string) {
    super(pepper, TOTP_SECRETS);
  }
}
