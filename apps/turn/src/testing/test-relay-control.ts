// The control plane of a test: users with passwords, and what was asked and told.
import { createHmac } from 'node:crypto';
import type { AuthorizeRelay, AuthorizeRelayAnswer, RelayControl, RelayLimits, RelayUsage } from '@millrace/control';
import { formatRelayUsername, newId, parseRelayUsername } from '@millrace/domain';

export const GENEROUS_LIMITS: RelayLimits = {
  maxAllocations: 100_000,
  maxAllocationsPerUser: 100_000,
  maxBitsPerSecond: 10_000_000_000,
  maxBitsPerSecondPerAllocation: 10_000_000_000,
};

const HOUR_S = 3_600;

export interface TestUser {
  readonly username: string;
  readonly password: string;
  readonly tenantId: string;
  readonly subject: string;
}

export class TestRelayControl implements RelayControl {
  limits: RelayLimits = GENEROUS_LIMITS;
  readonly asked: AuthorizeRelay[] = [];
  readonly usage: RelayUsage[] = [];
  readonly revoked = new Set<string>();
  /** Tenants that are suspended. */
  readonly suspended = new Set<string>();
  /** While set, no gateway answers. */
  down = false;
  #secret = 'first';
  #older: string[] = [];

  /** A user of a new tenant, or of that one. */
  user(subject = 'alice', { tenantId = newId('ten'), ttlS = HOUR_S, nowMs = Date.now() } = {}): TestUser {
    const username = formatRelayUsername({ expiresAtS: Math.floor(nowMs / 1000) + ttlS, tenantId, subject });
    return { username, password: passwordOf(username, this.#secret), tenantId, subject };
  }

  /** New passwords from now on; those of before stay in force. */
  rotate(): void {
    this.#older = [this.#secret, ...this.#older];
    this.#secret = `${this.#secret}+`;
  }

  /** What was made before the last rotation is not in force any more. */
  revokeOlder(): void {
    this.#older = [];
  }

  authorizeRelay(request: AuthorizeRelay): Promise<AuthorizeRelayAnswer> {
    this.asked.push(request);
    return Promise.resolve(this.answer(request.username));
  }

  answer(username: string): AuthorizeRelayAnswer {
    const { tenantId, subject, expiresAtS } = parseRelayUsername(username)!;
    if (this.down) return { granted: false, refusal: 'unavailable' };
    if (this.suspended.has(tenantId)) return { granted: false, refusal: 'tenant_suspended' };
    if (this.revoked.has(subject)) return { granted: false, refusal: 'revoked' };
    const passwords = [this.#secret, ...this.#older].map((secret) => passwordOf(username, secret));
    return { granted: true, tenantId, subject, expiresAtMs: expiresAtS * 1000, passwords, limits: this.limits };
  }

  revokeRelay(): void {
    throw new Error('a TURN server revokes nothing');
  }

  relayUsage(event: RelayUsage): void {
    this.usage.push(event);
  }
}

const passwordOf = (username: string, secret: string): string =>
  createHmac('sha1', secret).update(username).digest('base64');
