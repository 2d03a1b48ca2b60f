import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { notFound, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { requireMatch, timeOfChange } from '../etags/entity-tag.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { RateLimiter } from '../server/rate-limiter.ts';
import type { GatewaySettings } from '../settings.ts';
import { LiveStreamEntity } from '../streams/live-stream.entity.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { checkedTarget, WebhookTargets } from '../webhooks/webhook-targets.ts';
import { WebhookSecrets } from '../webhooks/webhook-secrets.ts';
import { newWebhookSecret } from '../webhooks/webhook-signature.ts';
import { factOf } from './publish-authorizer-fact-reader.ts';
import { PublishAuthorizerEntity } from './publish-authorizer.entity.ts';
import { authorizerObject, writePublishAuthorizer, writePublishAuthorizerTest } from './publish-authorizers.dto.ts';
import type {
  PublishAuthorizerAnswer,
  PublishAuthorizerTest,
  PublishAuthorizerWithSecret,
  SetPublishAuthorizerBody,
} from './publish-authorizers.dto.ts';
import { PublishPermission } from './publish-permission.ts';

const MS = 1_000;
const S_PER_MINUTE = 60;

@Injectable()
export class PublishAuthorizersService {
  readonly #targets: WebhookTargets;
  readonly #tests: RateLimiter;

  constructor(
    private readonly database: Database,
    private readonly secrets: WebhookSecrets,
    private readonly known: KnownFacts,
    private readonly permission: PublishPermission,
    @Inject(GATEWAY_SETTINGS) settings: GatewaySettings,
  ) {
    this.#targets = new WebhookTargets(settings.webhookAllowedAddresses);
    const burst = settings.publishAuthorizerTestsPerMinute;
    this.#tests = new RateLimiter({ name: 'publish_authorizer_tests', perSecond: burst / S_PER_MINUTE, burst });
  }

  async set(
    caller: Principal,
    tenantId: string,
    { url, on_failure: onFailure }: SetPublishAuthorizerBody,
  ): Promise<PublishAuthorizerWithSecret> {
    const target = checkedTarget(this.#targets, url);
    const secret = newWebhookSecret();
    return this.#change(caller, tenantId, (found) => {
      const now = new Date();
      const changes = { url: target, onFailure, updatedAt: found === null ? now : timeOfChange(found.updatedAt) };
      if (found !== null) return [{ ...found, ...changes }, null];
      const sealed = this.secrets.seal(secret, tenantId);
      return [{ tenantId, ...changes, sealed, previousSealed: null, previousExpiresAt: null, createdAt: now }, secret];
    });
  }

  async read(caller: Principal, tenantId: string): Promise<PublishAuthorizerAnswer> {
    const row = await this.database.run((manager) => find(manager, caller, tenantId));
    if (row === null) throw notFound();
    return writePublishAuthorizer(row);
  }

  async remove(caller: Principal, tenantId: string): Promise<void> {
    await this.database.transaction(
      async (manager) => {
        const found = await find(manager, caller, tenantId, true);
        if (found === null) throw notFound();
        requireMatch(caller, writePublishAuthorizer(found));
        await manager.delete(PublishAuthorizerEntity, { tenantId });
        await recordChange(manager, caller, { tenantId, objectId: tenantId, before: authorizerObject(found) });
      },
      { turn: turnOf(caller, tenantId) },
    );
    await this.known.changed('publishAuthorizers', tenantId);
  }

  /** Asks the endpoint as if an encoder waited for its answer. */
  async test(caller: Principal, tenantId: string, streamId: string | undefined): Promise<PublishAuthorizerTest> {
    const row = await this.database.transaction(async (manager) => {
      const found = await find(manager, caller, tenantId);
      if (found === null) throw notFound();
      if (streamId !== undefined && !(await manager.existsBy(LiveStreamEntity, { id: streamId, tenantId })))
        throw notFound();
      const { allowed, waitS } = this.#tests.take(tenantId);
      if (!allowed)
        throw new ProblemError('too_many_requests', 'Too many tests of this publish authorizer; try again later.', {
          headers: { 'retry-after': String(Math.max(1, waitS)) },
        });
      await recordChange(manager, caller, { tenantId, objectId: tenantId });
      return found;
    });
    return writePublishAuthorizerTest(await this.permission.test(factOf(row), { tenantId, streamId }), row);
  }

  /** A new secret; requests carry signatures of both until the grace period ends. */
  async rotateSecret(caller: Principal, tenantId: string, graceSeconds: number): Promise<PublishAuthorizerWithSecret> {
    const secret = newWebhookSecret();
    return this.#change(caller, tenantId, (found) => {
      if (found === null) throw notFound();
      const row = {
        ...found,
        sealed: this.secrets.seal(secret, tenantId),
        previousSealed: graceSeconds === 0 ? null : found.sealed,
        previousExpiresAt: graceSeconds === 0 ? null : new Date(Date.now() + graceSeconds * MS),
        updatedAt: timeOfChange(found.updatedAt),
      };
      return [row, secret];
    });
  }

  /** @param make the new row, and its secret where that is new */
  async #change(
    caller: Principal,
    tenantId: string,
    make: (found: PublishAuthorizerEntity | null) => [PublishAuthorizerEntity, string | null],
  ): Promise<PublishAuthorizerWithSecret> {
    const [row, secret] = await this.database.transaction(
      async (manager) => {
        const found = await find(manager, caller, tenantId, true);
        requireMatch(caller, found === null ? {} : writePublishAuthorizer(found));
        const made = make(found);
        await manager.upsert(PublishAuthorizerEntity, made[0], ['tenantId']);
        const after = authorizerObject(made[0]);
        const change = {
          tenantId,
          objectId: tenantId,
          ...(found !== null && { before: authorizerObject(found) }),
          after,
        };
        await recordChange(manager, caller, change);
        return made;
      },
      { turn: turnOf(caller, tenantId) },
    );
    await this.known.changed('publishAuthorizers', tenantId);
    return { ...writePublishAuthorizer(row), secret };
  }
}

/**
 * @param lock holds the tenant's row, so that changes come one after the other
 * @returns null when the tenant has none
 * @throws ProblemError when there is no such tenant, or the caller may not see it
 */
async function find(
  manager: EntityManager,
  caller: Principal,
  tenantId: string,
  lock = false,
): Promise<PublishAuthorizerEntity | null> {
  if (caller.kind === 'tenant' && caller.tenantId !== tenantId) throw notFound();
  const tenant = await manager.findOne(TenantEntity, {
    where: { id: tenantId },
    ...(lock ? { lock: { mode: 'for_no_key_update' } } : {}),
  });
  if (tenant === null) throw notFound();
  return manager.findOneBy(PublishAuthorizerEntity, { tenantId });
}
