// Challenges for encoders that prove a password by a digest: made by any gateway, checked by any other, kept by none.
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

const PURPOSE = 'millrace login challenges 1';
const KEY_BYTES = 32;
const VERSION = 1;
const NONCE_BYTES = 9;
const HEADER_BYTES = 1 + 4 + NONCE_BYTES;
const MAC_BYTES = 16;
const SALT_BYTES = 9;

export interface LoginChallenge {
  readonly salt: string;
  /** Comes back as it is. Letters, digits, `-` and `_`. */
  readonly opaque: string;
}

/** What a challenge that came back says: the salt that went with it, and a name for it that no other one has. */
export interface KnownChallenge {
  readonly salt: string;
  readonly nonce: string;
}

/** Who a challenge is for: another user, or another network, cannot use it. */
export interface LoginPeer {
  readonly user: string;
  readonly network: string;
}

export class LoginChallenges {
  readonly lifetimeMs: number;
  readonly #key: Buffer;
  readonly #now: () => number;

  /** @param pepper what every gateway of this installation shares @param now wall-clock time in milliseconds */
  constructor(pepper: string, lifetimeMs: number, now: () => number) {
    this.#key = Buffer.from(hkdfSync('sha256', pepper, '', PURPOSE, KEY_BYTES));
    this.lifetimeMs = lifetimeMs;
    this.#now = now;
  }

  make(peer: LoginPeer): LoginChallenge {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(VERSION, 0);
    header.writeUInt32BE(Math.ceil((this.#now() + this.lifetimeMs) / 1_000), 1);
    randomBytes(NONCE_BYTES).copy(header, 1 + 4);
    const opaque = Buffer.concat([header, this.#seal(header, peer)]).toString('base64url');
    return { salt: this.#saltOf(header), opaque };
  }

  /** @returns undefined for what was made for another peer, is too old, or was never made here */
  open(opaque: string, peer: LoginPeer): KnownChallenge | undefined {
    const bytes = Buffer.from(opaque, 'base64url');
    if (bytes.length !== HEADER_BYTES + MAC_BYTES || bytes[0] !== VERSION) return undefined;
    const header = bytes.subarray(0, HEADER_BYTES);
    if (!timingSafeEqual(bytes.subarray(HEADER_BYTES), this.#seal(header, peer))) return undefined;
    if (header.readUInt32BE(1) * 1_000 <= this.#now()) return undefined;
    return { salt: this.#saltOf(header), nonce: header.subarray(1 + 4).toString('base64url') };
  }

  #seal(header: Buffer, { user, network }: LoginPeer): Buffer {
    const mac = createHmac('sha256', this.#key).update('challenge\0').update(header);
    return mac
      .update(JSON.stringify([user, network]))
      .digest()
      .subarray(0, MAC_BYTES);
  }

  #saltOf(header: Buffer): string {
    const mac = createHmac('sha256', this.#key).update('salt\0').update(header);
    return mac.digest().subarray(0, SALT_BYTES).toString('base64url');
  }
}
