import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@millrace/domain';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { listScope, notFound, ownedBy, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { requireMatch, timeOfChange } from '../etags/entity-tag.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { lockTenant, tenantFor } from '../tenants/tenant-choice.ts';
import { PlaybackRestrictionEntity } from './playback-restriction.entity.ts';
import { writePlaybackRestriction } from './playback-restrictions.dto.ts';
import type {
  CreatePlaybackRestrictionBody,
  ListPlaybackRestrictionsQuery,
  PlaybackRestrictionAnswer,
  UpdatePlaybackRestrictionBody,
} from './playback-restrictions.dto.ts';

@Injectable()
export class PlaybackRestrictionsService {
  constructor(
    private readonly database: Database,
    private readonly known: KnownFacts,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(caller: Principal, body: CreatePlaybackRestrictionBody): Promise<PlaybackRestrictionAnswer> {
    const tenantId = tenantFor(caller, body.tenant_id);
    const now = new Date();
    const row: PlaybackRestrictionEntity = {
      id: newId('prs'),
      tenantId,
      label: body.name,
      allowedOrigins: body.allowed_origins,
      allowedAddresses: body.allowed_addresses,
      allowedCountries: body.allowed_countries,
      deniedCountries: body.denied_countries,
      deniedUserAgents: body.denied_user_agents,
      strict: body.strict,
      createdAt: now,
      updatedAt: now,
    };
    const max = this.settings.maxPlaybackRestrictionsPerTenant;
    await this.database.transaction(
      async (manager) => {
        await lockTenant(manager, tenantId);
        if ((await manager.countBy(PlaybackRestrictionEntity, { tenantId })) >= max)
          throw new ProblemError('quota_exceeded', `A tenant can have at most ${max} playback restrictions.`);
        await manager.insert(PlaybackRestrictionEntity, row);
        await recordChange(manager, caller, { tenantId, objectId: row.id, after: writePlaybackRestriction(row) });
      },
      { turn: turnOf(caller, tenantId) },
    );
    return writePlaybackRestriction(row);
  }

  async list(caller: Principal, query: ListPlaybackRestrictionsQuery): Promise<Page<PlaybackRestrictionAnswer>> {
    const { before, order, take } = pageFind('playbackRestriction', query);
    const where = { ...before, ...listScope(caller, query.tenant_id) };
    const rows = await this.database.run((manager) => manager.find(PlaybackRestrictionEntity, { where, order, take }));
    return toPage(rows, query.limit, writePlaybackRestriction);
  }

  async read(caller: Principal, id: string): Promise<PlaybackRestrictionAnswer> {
    return writePlaybackRestriction(await this.database.run((manager) => find(manager, caller, id)));
  }

  async update(caller: Principal, id: string, body: UpdatePlaybackRestrictionBody): Promise<PlaybackRestrictionAnswer> {
    const changed = await this.database.transaction(
      async (manager) => {
        const row = await find(manager, caller, id, true);
        requireMatch(caller, writePlaybackRestriction(row));
        const values = {
          label: body.name ?? row.label,
          allowedOrigins: body.allowed_origins ?? row.allowedOrigins,
          allowedAddresses: body.allowed_addresses ?? row.allowedAddresses,
          allowedCountries: body.allowed_countries ?? row.allowedCountries,
          deniedCountries: body.denied_countries ?? row.deniedCountries,
          deniedUserAgents: body.denied_user_agents ?? row.deniedUserAgents,
          strict: body.strict ?? row.strict,
          updatedAt: timeOfChange(row.updatedAt),
        };
        await manager.update(PlaybackRestrictionEntity, { id }, values);
        const after = { ...row, ...values };
        const objects = { before: writePlaybackRestriction(row), after: writePlaybackRestriction(after) };
        await recordChange(manager, caller, { tenantId: row.tenantId, objectId: id, ...objects });
        return after;
      },
      { turn: turnOf(caller, id) },
    );
    await this.known.changed('playbackRestrictions', id);
    return writePlaybackRestriction(changed);
  }

  async remove(caller: Principal, id: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      const row = await find(manager, caller, id, true);
      requireMatch(caller, writePlaybackRestriction(row));
      await manager.delete(PlaybackRestrictionEntity, { id });
      const before = writePlaybackRestriction(row);
      await recordChange(manager, caller, { tenantId: row.tenantId, objectId: id, before });
    });
    await this.known.changed('playbackRestrictions', id);
  }
}

async function find(
  manager: EntityManager,
  caller: Principal,
  id: string,
  lock = false,
): Promise<PlaybackRestrictionEntity> {
  const row = await manager.findOne(PlaybackRestrictionEntity, {
    where: { id, ...ownedBy(caller) },
    ...(lock ? { lock: { mode: 'for_no_key_update' as const } } : {}),
  });
  if (row === null) throw notFound();
  return row;
}
