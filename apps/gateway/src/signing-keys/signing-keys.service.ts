import { Inject, Injectable } from '@nestjs/common';
import { RELAY_CONTROL } from '@millrace/control';
import type { RelayControl } from '@millrace/control';
import { IsNull, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { listScope, notFound, ownedBy, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { appendEvent } from '../events/append-event.ts';
import { requireMatch } from '../etags/entity-tag.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { ROOM_CODE_LIMITS } from '../room-limits.ts';
import type { GatewaySettings } from '../settings.ts';
import { lockTenant, tenantFor } from '../tenants/tenant-choice.ts';
import { Keyring } from './keyring.ts';
import { signingKeyEvent } from './signing-key-event.ts';
import { SigningKeyEntity } from './signing-key.entity.ts';
import { writeSigningKey } from './signing-keys.dto.ts';
import type {
  CreateSigningKeyBody,
  ListSigningKeysQuery,
  SigningKeyAnswer,
  SigningKeyWithSecret,
} from './signing-keys.dto.ts';

@Injectable()
export class SigningKeysService {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly known: KnownFacts,
    @Inject(RELAY_CONTROL) private readonly relays: RelayControl,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(caller: Principal, body: CreateSigningKeyBody): Promise<SigningKeyWithSecret> {
    const tenantId = tenantFor(caller, body.tenant_id);
    const max = this.settings.maxSigningKeysPerTenant;
    const made = await this.database.transaction(
      async (manager) => {
        await lockTenant(manager, tenantId);
        if ((await manager.countBy(SigningKeyEntity, { tenantId, revokedAt: IsNull() })) >= max)
          throw new ProblemError('quota_exceeded', `A tenant can have at most ${max} active signing keys.`);
        await forgetRevokedKeys(manager, tenantId);
        const row = await this.keyring.insert(manager, tenantId, body.name);
        await recordChange(manager, caller, { tenantId, objectId: row.id, after: writeSigningKey(row) });
        return row;
      },
      { turn: turnOf(caller, tenantId) },
    );
    await this.known.changed('signingKeys', tenantId);
    return { ...writeSigningKey(made), key: made.secret };
  }

  async list(caller: Principal, query: ListSigningKeysQuery): Promise<Page<SigningKeyAnswer>> {
    const { before, order, take } = pageFind('signingKey', query);
    const where = { ...before, ...listScope(caller, query.tenant_id) };
    const rows = await this.database.run((manager) => manager.find(SigningKeyEntity, { where, order, take }));
    return toPage(rows, query.limit, writeSigningKey);
  }

  async read(caller: Principal, id: string): Promise<SigningKeyAnswer> {
    return writeSigningKey(await this.#find(caller, id));
  }

  /** For good: what it has signed is refused from now on. Doing it again changes nothing. */
  async revoke(caller: Principal, id: string): Promise<void> {
    const row = await this.#find(caller, id);
    const { tenantId } = row;
    await this.database.transaction(async (manager) => {
      const lock = { mode: 'for_no_key_update' } as const;
      const found = await manager.findOne(SigningKeyEntity, { where: { id }, lock });
      if (found === null) throw notFound();
      const before = writeSigningKey(found);
      requireMatch(caller, before);
      await recordChange(manager, caller, { tenantId, objectId: id, before });
      const revokedAt = new Date();
      const { affected } = await manager.update(SigningKeyEntity, { id, revokedAt: IsNull() }, { revokedAt });
      if (affected !== 1) return;
      await appendEvent(manager, signingKeyEvent('signing_key.deleted', { ...row, revokedAt }));
    });
    await this.known.changed('signingKeys', tenantId);
    this.relays.revokeRelay({ tenantId, subject: undefined });
  }

  async #find(caller: Principal, id: string): Promise<SigningKeyEntity> {
    const row = await this.database.run((manager) => manager.findOneBy(SigningKeyEntity, { id, ...ownedBy(caller) }));
    if (row === null) throw notFound();
    return row;
  }
}

async function forgetRevokedKeys(manager: EntityManager, tenantId: string): Promise<void> {
  const surplus = await manager.find(SigningKeyEntity, {
    where: { tenantId, revokedAt: Not(IsNull()) },
    order: { id: 'DESC' },
    skip: ROOM_CODE_LIMITS.keptRevokedKeys,
  });
  const ids = surplus.map(({ id }) => id);
  if (ids.length > 0) await manager.delete(SigningKeyEntity, ids);
}
