import { Inject, Injectable } from '@nestjs/common';
import { newId, newSecretKey } from '@millrace/domain';
import { recordChange } from '../audit/record-change.ts';
import { hintOf, KeyHasher } from '../auth/key-hasher.ts';
import { listScope, notFound, ownedBy, requireOperator } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.ts';
import { requireMatch, timeOfChange } from '../etags/entity-tag.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { lockTenant } from '../tenants/tenant-choice.ts';
import { ApiKeyEntity } from './api-key.entity.ts';
import { apiKeyObject, writeApiKey } from './api-keys.dto.ts';
import type {
  ApiKeyAnswer,
  ApiKeyWithSecret,
  CreateApiKeyBody,
  ListApiKeysQuery,
  UpdateApiKeyBody,
} from './api-keys.dto.ts';

const MS = 1_000;

@Injectable()
export class ApiKeysService {
  constructor(
    private readonly database: Database,
    private readonly hasher: KeyHasher,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(caller: Principal, body: CreateApiKeyBody): Promise<ApiKeyWithSecret> {
    const expiresAt = body.expires_at === null ? null : new Date(body.expires_at);
    const rights = { scopes: [...new Set(body.scopes)], allowedAddresses: [...new Set(body.allowed_addresses)] };
    const { row, secret } = this.#make({ tenantId: body.tenant_id, label: body.name, ...rights, expiresAt });
    await this.database.transaction(
      async (manager) => {
        await this.#lockRoomForOne(manager, body.tenant_id);
        await manager.insert(ApiKeyEntity, row);
        await recordChange(manager, caller, { ...placeOf(row), after: apiKeyObject(row) });
      },
      { turn: body.tenant_id },
    );
    return { ...writeApiKey(row), key: secret };
  }

  async update(caller: Principal, id: string, body: UpdateApiKeyBody): Promise<ApiKeyAnswer> {
    await this.#findTenantKey(caller, id);
    const changes = {
      ...(body.name !== undefined && { label: body.name }),
      ...(body.scopes !== undefined && { scopes: [...new Set(body.scopes)] }),
      ...(body.allowed_addresses !== undefined && { allowedAddresses: [...new Set(body.allowed_addresses)] }),
      ...(body.expires_at !== undefined && { expiresAt: body.expires_at === null ? null : new Date(body.expires_at) }),
    };
    return this.database.transaction(
      async (manager) => {
        const found = await lockKey(manager, id);
        requireMatch(caller, writeApiKey(found));
        const changed = { ...changes, updatedAt: timeOfChange(found.updatedAt) };
        await manager.update(ApiKeyEntity, { id }, changed);
        const row = { ...found, ...changed };
        const [before, after] = [apiKeyObject(found), apiKeyObject(row)];
        await recordChange(manager, caller, { ...placeOf(row), before, after });
        return writeApiKey(row);
      },
      { turn: id },
    );
  }

  /** Another key that may do the same; the old one expires. */
  async rotate(caller: Principal, id: string, graceSeconds: number): Promise<ApiKeyWithSecret> {
    const { tenantId } = await this.#findTenantKey(caller, id);
    const made = await this.database.transaction(
      async (manager) => {
        await this.#lockRoomForOne(manager, tenantId);
        const old = await lockKey(manager, id);
        const { label, scopes, allowedAddresses, expiresAt } = old;
        const next = this.#make({ tenantId, label, scopes, allowedAddresses, expiresAt });
        const endMs = Math.min(Date.now() + graceSeconds * MS, expiresAt?.getTime() ?? Infinity);
        const ends = { expiresAt: new Date(endMs), updatedAt: timeOfChange(old.updatedAt) };
        await manager.update(ApiKeyEntity, { id }, ends);
        await manager.insert(ApiKeyEntity, next.row);
        await recordChange(manager, caller, {
          ...placeOf(old),
          before: apiKeyObject(old),
          after: apiKeyObject(next.row),
        });
        return next;
      },
      { turn: tenantId },
    );
    return { ...writeApiKey(made.row), key: made.secret };
  }

  async list(caller: Principal, query: ListApiKeysQuery): Promise<Page<ApiKeyAnswer>> {
    const { before, order, take } = pageFind('apiKey', query);
    const where = { ...before, ...listScope(caller, query.tenant_id) };
    const rows = await this.database.run((manager) => manager.find(ApiKeyEntity, { where, order, take }));
    return toPage(rows, query.limit, writeApiKey);
  }

  async read(caller: Principal, id: string): Promise<ApiKeyAnswer> {
    return writeApiKey(await this.#find(caller, id));
  }

  /** The key stops working at once: no answer is given from memory. */
  async remove(caller: Principal, id: string): Promise<void> {
    await this.#findTenantKey(caller, id);
    await this.database.transaction(
      async (manager) => {
        const row = await lockKey(manager, id);
        requireMatch(caller, writeApiKey(row));
        await manager.delete(ApiKeyEntity, { id });
        await recordChange(manager, caller, { ...placeOf(row), before: apiKeyObject(row) });
      },
      { turn: id },
    );
  }

  #make(of: Pick<ApiKeyEntity, 'label' | 'scopes' | 'allowedAddresses' | 'expiresAt'> & { tenantId: string }): {
    readonly row: ApiKeyEntity;
    readonly secret: string;
  } {
    const secret = newSecretKey('mr_sk');
    const kept = { hash: this.hasher.hash(secret), hint: hintOf(secret) };
    const now = new Date();
    const use = { createdAt: now, updatedAt: now, lastUsedAt: null, lastUsedAddress: null };
    return { row: { id: newId('key'), ...of, ...kept, ...use }, secret };
  }

  /** Holds the tenant's row. @throws ProblemError when there is no such tenant, or it has as many keys as it may have */
  async #lockRoomForOne(manager: EntityManager, tenantId: string): Promise<void> {
    await lockTenant(manager, tenantId);
    const max = this.settings.maxApiKeysPerTenant;
    if ((await manager.countBy(ApiKeyEntity, { tenantId })) >= max)
      throw new ProblemError('quota_exceeded', `A tenant can have at most ${max} keys.`);
  }

  /** A key that the operator may change. */
  async #findTenantKey(caller: Principal, id: string): Promise<ApiKeyEntity & { tenantId: string }> {
    const row = await this.#find(caller, id);
    requireOperator(caller);
    const { tenantId } = row;
    if (tenantId === null)
      throw new ProblemError(
        'conflict',
        'The operator key cannot be changed or deleted through REST: there would be no way to regain access.',
      );
    return { ...row, tenantId };
  }

  async #find(caller: Principal, id: string): Promise<ApiKeyEntity> {
    const row = await this.database.run((manager) => manager.findOneBy(ApiKeyEntity, { id, ...ownedBy(caller) }));
    if (row === null) throw notFound();
    return row;
  }
}

async function lockKey(manager: EntityManager, id: string): Promise<ApiKeyEntity> {
  const row = await manager.findOne(ApiKeyEntity, { where: { id }, lock: { mode: 'for_no_key_update' } });
  if (row === null) throw notFound();
  return row;
}

const placeOf = ({ id, tenantId }: ApiKeyEntity) => ({ tenantId, objectId: id });
