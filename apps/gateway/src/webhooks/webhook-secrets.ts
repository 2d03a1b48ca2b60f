// The secrets that deliveries are signed with, in clear for as long as a signature takes.
import { SecretSeal } from '../auth/secret-seal.ts';
import type { WebhookEndpointEntity } from './webhook-endpoint.entity.ts';

const PURPOSE = 'millrace webhook secrets 1';

export class WebhookSecrets {
  readonly #seal: SecretSeal;

  /** @param pepper the secret of this installation */
  constructor(pepper: string) {
    this.#seal = new SecretSeal(pepper, PURPOSE);
  }

  /** @param endpointId the endpoint that it belongs to */
  seal(secret: string, endpointId: string): Buffer {
    return this.#seal.seal(secret, endpointId);
  }

  /** The secrets in force, the newest first. */
  inForce(row: WebhookEndpointEntity, nowMs: number): string[] {
    const { id, sealed, previousSealed, previousExpiresAt } = row;
    const secrets = [this.#seal.open(sealed, id)];
    if (previousSealed !== null && previousExpiresAt !== null && previousExpiresAt.getTime() > nowMs)
      secrets.push(this.#seal.open(previousSealed, id));
    return secrets;
  }
}
