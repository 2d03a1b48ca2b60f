import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@millrace/domain';
import { MoreThan } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { notFound, ownedBy, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { timeText } from '../http/fields.ts';
import { dependencyUnavailable, ProblemError } from '../http/problem-error.ts';
import { NotKnown } from '../known/fact-finder.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { lockTenant, tenantFor } from '../tenants/tenant-choice.ts';
import type { CreateIceServersBody, IceServersAnswer } from './ice-servers.dto.ts';
import { RelayCredentialEntity } from './relay-credential.entity.ts';
import { RelayCredentials } from './relay-credentials.ts';

const MS = 1_000;

@Injectable()
export class IceServersService {
  constructor(
    private readonly database: Database,
    private readonly credentials: RelayCredentials,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(caller: Principal, body: CreateIceServersBody): Promise<IceServersAnswer> {
    const tenantId = tenantFor(caller, body.tenant_id);
    const ttlMs = body.ttl_seconds === undefined ? this.settings.iceTtlMs : body.ttl_seconds * MS;
    if (ttlMs > this.settings.iceMaxTtlMs)
      throw new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
        errors: [{ pointer: '/ttl_seconds', detail: `must be at most ${this.settings.iceMaxTtlMs / MS}` }],
      });
    const id = newId('ice');
    const expiresAt = new Date(Date.now() + ttlMs);
    await this.database.transaction(
      async (manager) => {
        await lockTenant(manager, tenantId);
        const max = this.settings.maxIceCredentialsPerTenant;
        if ((await manager.countBy(RelayCredentialEntity, { tenantId, expiresAt: MoreThan(new Date()) })) >= max)
          throw new ProblemError('quota_exceeded', `A tenant can have at most ${max} active relay credentials.`);
        const row = { tenantId, subject: id, createdAt: new Date(), expiresAt, revokedAt: null };
        await manager.insert(RelayCredentialEntity, row);
        const after = { id, tenant_id: tenantId, expires_at: timeText(expiresAt) };
        await recordChange(manager, caller, { tenantId, objectId: id, after });
      },
      { turn: turnOf(caller, tenantId) },
    );
    const { iceServers, expiresAtMs } = await this.credentials.issue(tenantId, id, ttlMs).catch((error: unknown) => {
      throw error instanceof NotKnown ? dependencyUnavailable('The signing keys', error) : error;
    });
    const servers = iceServers.map(({ urls, ...credential }) => ({ urls: [...urls], ...credential }));
    return {
      id,
      tenant_id: tenantId,
      ice_servers: servers,
      iceServers: servers,
      expires_at: timeText(new Date(expiresAtMs)),
    };
  }

  /** Cuts what was allocated with it. Doing it again changes nothing. */
  async revoke(caller: Principal, id: string): Promise<void> {
    const where = { subject: id, ...ownedBy(caller) };
    const row = await this.database.run((manager) => manager.findOneBy(RelayCredentialEntity, where));
    if (row === null) throw notFound();
    const { tenantId } = row;
    await this.database.transaction((manager) => {
      const before = { id, tenant_id: tenantId, expires_at: timeText(row.expiresAt) };
      return recordChange(manager, caller, { tenantId, objectId: id, before });
    });
    await this.credentials.revoke(tenantId, id);
  }
}
