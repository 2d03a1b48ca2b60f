// "With which passwords may this user name be used?"
import { Inject, Injectable } from '@nestjs/common';
import type { AuthorizeRelay, AuthorizeRelayAnswer, RelayLimits, RelayRefusal } from '@millrace/control';
import { parseRelayUsername } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import { revocationId } from '../known/facts.ts';
import type { RevocationFact, TenantFact } from '../known/facts.ts';
import { FactFinder, NotKnown } from '../known/fact-finder.ts';
import type { FactReader } from '../known/fact-finder.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { Keyring } from '../signing-keys/keyring.ts';
import { relayPassword } from './relay-password.ts';

const MS = 1_000;

@Injectable()
export class RelayAuthorizer {
  constructor(
    private readonly facts: FactFinder,
    private readonly keyring: Keyring,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** Does not fail: what cannot be decided is refused as `unavailable`. */
  async authorize({ username }: AuthorizeRelay): Promise<AuthorizeRelayAnswer> {
    const answer = await this.facts
      .look((read) => this.#decide(read, username))
      .catch((error: unknown) => {
        if (!(error instanceof NotKnown))
          this.logger.warn({ err: error }, 'cannot decide whether a user name may relay');
        return refuse('unavailable');
      });
    this.metrics.relayDecisions.inc({ outcome: answer.granted ? 'granted' : answer.refusal });
    return answer;
  }

  async #decide(read: FactReader, username: string): Promise<AuthorizeRelayAnswer> {
    const name = parseRelayUsername(username);
    if (name === undefined) return refuse('unknown_tenant');
    const { tenantId, subject, expiresAtS } = name;
    if (expiresAtS * MS <= Date.now()) return refuse('expired');
    const tenant = await read('tenants', tenantId);
    if (tenant === undefined) return refuse('unknown_tenant');
    if (tenant.suspended) return refuse('tenant_suspended');
    if ((await this.#revocation(read, tenantId, subject)) !== undefined) return refuse('revoked');
    const keys = await this.keyring.inForce(read, tenantId);
    // Whatever it was made with is not in force any more.
    if (keys.length === 0) return refuse('revoked');
    return {
      granted: true,
      tenantId,
      subject,
      expiresAtMs: expiresAtS * MS,
      passwords: keys.map(({ secret }) => relayPassword(secret, username)),
      limits: this.#limitsOf(tenant),
    };
  }

  /** Only what was revoked is remembered, for as long as it could be used: of others nothing has to be known. */
  async #revocation(read: FactReader, tenantId: string, subject: string): Promise<RevocationFact | undefined> {
    return read('revocations', revocationId(tenantId, subject)).catch((error: unknown) => {
      if (error instanceof NotKnown) return undefined;
      throw error;
    });
  }

  #limitsOf(tenant: TenantFact): RelayLimits {
    return {
      maxAllocations: tenant.maxRelayAllocations,
      maxAllocationsPerUser: this.settings.maxRelayAllocationsPerUser,
      maxBitsPerSecond: tenant.maxRelayBitsPerSecond,
      maxBitsPerSecondPerAllocation: this.settings.maxRelayBitsPerAllocation,
    };
  }
}

const refuse = (refusal: RelayRefusal): AuthorizeRelayAnswer => ({ granted: false, refusal });
