// The secrets that deliveries are signed with, decrypted only while a signature is made.
import { SecretSeal } from '../auth/secret-seal.ts';

const PURPOSE = 'millrace webhook secrets 1';

/** Secrets as they are kept. */
export interface SealedSecrets {
  /** What they belong to. */
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

  /** @param id what it belongs to */
  seal(secret: string, id: string): Buffer {
    return this.#seal.seal(secret, id);
  }

  /** The valid secrets, the newest first. */
  inForce({ id, sealed, previousSealed, previousExpiresAt }: SealedSecrets, nowMs: number): string[] {
    const secrets = [this.#seal.open(sealed, id)];
    if (previousSealed !== null && previousExpiresAt !== null && previousExpiresAt.getTime() > nowMs)
      secrets.push(this.#seal.open(previousSealed, id));
    return secrets;
  }
}
