// A user name that was granted, and the keys that its passwords make.
import { longTermKey, verifyIntegrity } from '@millrace/protocol/stun';
import type { IntegrityAlgorithm, PasswordHash, StunMessage } from '@millrace/protocol/stun';
import type { RelayGrant } from './relay-authorizer.ts';

/** What a request was proved with, and its answer is proved with. */
export interface ProvenKey {
  readonly key: Buffer;
  readonly integrity: IntegrityAlgorithm;
}

export class Credential {
  readonly username: string;
  readonly grant: RelayGrant;
  readonly #realm: string;
  readonly #keys = new Map<PasswordHash, readonly Buffer[]>();

  constructor(username: string, realm: string, grant: RelayGrant) {
    this.username = username;
    this.grant = grant;
    this.#realm = realm;
  }

  /**
   * @returns the key that made the message's integrity; undefined when none of this user did
   * @throws ProtocolError when the integrity has a size that none may have
   */
  prove(message: StunMessage, hash: PasswordHash, integrity: IntegrityAlgorithm): ProvenKey | undefined {
    const key = this.#keysOf(hash).find((each) => verifyIntegrity(message, each, integrity));
    return key && { key, integrity };
  }

  /** Whether one of its passwords makes this key. */
  makes(key: Buffer): boolean {
    return (['md5', 'sha256'] as const).some((hash) => this.#keysOf(hash).some((each) => each.equals(key)));
  }

  #keysOf(hash: PasswordHash): readonly Buffer[] {
    let keys = this.#keys.get(hash);
    if (!keys) {
      keys = this.grant.passwords.map((password) => longTermKey(this.username, this.#realm, password, hash));
      this.#keys.set(hash, keys);
    }
    return keys;
  }
}
