// Standard Webhooks 1.0.0, "Signature scheme": HMAC-SHA256 over id, time and body, so that a captured delivery cannot be replayed later
// or under another id.
import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
/** "between 24 bytes (192 bits) and 64 bytes (512 bits)". */
const SECRET_BYTES = 32;

/** Makes a secret such as `whsec_…`. */
export const newWebhookSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString('base64');

/**
 * The headers of a delivery.
 *
 * @param id the id of the event: the same in every attempt, so that receivers recognize repetitions
 * @param secrets all valid secrets, in the form that `newWebhookSecret` returns
 */
export function signatureHeaders(
  id: string,
  sentAtMs: number,
  body: string,
  secrets: readonly string[],
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(sentAtMs / 1_000));
  const signatures = secrets.map((secret) => `v1,${sign(secret, `${id}.${timestamp}.${body}`)}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

const sign = (secret: string, content: string): string =>
  createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
    .update(content)
    .digest('base64');
