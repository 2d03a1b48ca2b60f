import { Inject, Injectable } from '@nestjs/common';
import { newId, newSecretKey } from '@millrace/domain';
import { hintOf, KeyHasher } from '../auth/key-hasher.ts';
import { listScope, notFound, ownedBy, requireOperator, type Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { pageFind, toPage, type Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { ApiKeyEntity } from './api-key.entity.ts';
import { writeApiKey } from './api-keys.dto.ts';
import type { ApiKeyAnswer, ApiKeyWithSecret, CreateApiKeyBody, ListApiKeysQuery } from './api-keys.dto.ts';

@Injectable()
export class ApiKeysService {
  constructor(
    private readonly database: Database,
    private readonly hasher: KeyHasher,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(body: CreateApiKeyBody): Promise<ApiKeyWithSecret> {
    const secret = newSecretKey('mr_sk');
    const row: ApiKeyEntity = {
      id: newId('key'),
      tenantId: body.tenant_id,
      hash: this.hasher.hash(secret),
      hint: hintOf(secret),
      label: body.name,
      createdAt: new Date(),
      expiresAt: body.expires_at === null ? null : new Date(body.expires_at),
      lastUsedAt: null,
    };
    await this.database.transaction(
      async (manager) => {
        const tenant = { id: body.tenant_id };
        const found = await manager.findOne(TenantEntity, { where: tenant, lock: { mode: 'for_no_key_update' } });
        if (found === null)
          throw new ProblemError('invalid_request', 'There is no such tenant.', {
            errors: [{ pointer: '/tenant_id', detail: 'is not the id of a tenant' }],
          });
        const max = this.settings.maxApiKeysPerTenant;
        if ((await manager.countBy(ApiKeyEntity, { tenantId: tenant.id })) >= max)
          throw new ProblemError('quota_exceeded', `A tenant can have at most ${max} keys.`);
        await manager.insert(ApiKeyEntity, row);
      },
      { turn: body.tenant_id },
    );
    return { ...writeApiKey(row), key: secret };
  }

  async list(caller: Principal, query: ListApiKeysQuery): Promise<Page<ApiKeyAnswer>> {
    const { before, order, take } = pageFind('apiKey', query);
    const where = { ...before, ...listScope(caller, query.tenant_id) };
    const rows = await this.database.run((manager) => manager.find(ApiKeyEntity, { where, order, take }));
    return toPage(rows, query.limit, writeApiKey);
  }

  async read(caller: Principal, id: string): Promise<ApiKeyAnswer> {
    return writeApiKey(await this.find(caller, id));
  }

  /** The key stops working at once: no answer is given from memory. */
  async remove(caller: Principal, id: string): Promise<void> {
    const { tenantId } = await this.find(caller, id);
    requireOperator(caller);
    if (tenantId === null)
      throw new ProblemError(
        'conflict',
        'The operator key cannot be deleted through REST: there would be no way to regain access.',
      );
    await this.database.run((manager) => manager.delete(ApiKeyEntity, { id }));
  }

  private async find(caller: Principal, id: string): Promise<ApiKeyEntity> {
    const row = await this.database.run((manager) => manager.findOneBy(ApiKeyEntity, { id, ...ownedBy(caller) }));
    if (row === null) throw notFound();
    return row;
  }
}
