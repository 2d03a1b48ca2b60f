// The secrets that sign deliveries, decrypted only to make a signature.
import { SecretSeal } from '../auth/secret-seal.ts';

const PURPOSE = 'millrace webhook secrets 1';

/** The stored form of secrets. */
export interface SealedSecrets {
  /** Id of the owner. */
  readonly id: string;
  readonly sealed: Buffer;
  readonly previousSealed: Buffer | null;
  readonly previousExpiresAt: Date | null;
}

export class WebhookSecrets {
  readonly #seal: SecretSeal;

  /** @param pepper the secret of this installation */
  constructor(pepper: string) {
    this.#seal = new SecretSeal(pepper, PURPOSE);
  }

  /** @param id the id of the owner */
  seal(secret: string, id: string): Buffer {
    return this.#seal.seal(secret, id);
  }

  /** The valid secrets, newest first. */
  inForce({ id, sealed, previousSealed, previousExpiresAt }: SealedSecrets, nowMs: number): string[] {
    const secrets = [this.#seal.open(sealed, id)];
    if (previousSealed !== null && previousExpiresAt !== null && previousExpiresAt.getTime() > nowMs)
      secrets.push(this.#seal.open(previousSealed, id));
    return secrets;
  }
}
