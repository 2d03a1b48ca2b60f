import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@millrace/domain';
import { IsNull, Not } from 'typeorm';
import type { FindOptionsWhere } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { notFound, requireOperator } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { requireMatch, timeOfChange } from '../etags/entity-tag.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { TenantDependents } from './tenant-dependents.ts';
import { TenantPurge } from './tenant-purge.ts';
import { TenantEntity } from './tenant.entity.ts';
import type { TenantStatus } from './tenant.entity.ts';
import { tenantColumns, writeTenant } from './tenants.dto.ts';
import type {
  CreateTenantBody,
  DeleteTenantQuery,
  ListTenantsQuery,
  TenantAnswer,
  UpdateTenantBody,
} from './tenants.dto.ts';

@Injectable()
export class TenantsService {
  constructor(
    private readonly database: Database,
    private readonly known: KnownFacts,
    private readonly dependents: TenantDependents,
    private readonly purge: TenantPurge,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(caller: Principal, body: CreateTenantBody): Promise<TenantAnswer> {
    const now = new Date();
    const row: TenantEntity = {
      id: newId('ten'),
      name: body.name,
      status: 'active',
      maxLiveStreams: body.max_live_streams,
      maxRooms: body.max_rooms,
      maxParticipants: body.max_participants,
      maxRelayAllocations: body.max_relay_allocations,
      maxRelayBitsPerSecond: body.max_relay_bits_per_second,
      maxIngestBitsPerSecond: null,
      maxEgressBytesPerMonth: null,
      maxViewers: null,
      maxViewersPerStream: null,
      maxApiReadsPerSecond: null,
      maxApiWritesPerSecond: null,
      requireSignedPlayback: body.require_signed_playback,
      deletedAt: null,
      purgeAt: null,
      createdAt: now,
      updatedAt: now,
    };
    const made = writeTenant(row);
    await this.database.transaction(async (manager) => {
      await manager.insert(TenantEntity, row);
      await recordChange(manager, caller, { tenantId: row.id, objectId: row.id, after: made });
    });
    return made;
  }

  /** All of them for the operator; its own for a tenant. */
  async list(caller: Principal, query: ListTenantsQuery): Promise<Page<TenantAnswer>> {
    if (caller.kind === 'tenant')
      return { data: [await this.read(caller, caller.tenantId)], has_more: false, next_cursor: null };
    const { before, order, take } = pageFind('tenant', query);
    const { status } = query;
    const where: FindOptionsWhere<TenantEntity> = {
      ...before,
      deletedAt: status === 'deleted' ? Not(IsNull()) : IsNull(),
      ...(status !== undefined && status !== 'deleted' && { status }),
    };
    const rows = await this.database.run((manager) => manager.find(TenantEntity, { where, order, take }));
    return toPage(rows, query.limit, writeTenant);
  }

  async read(caller: Principal, id: string): Promise<TenantAnswer> {
    return writeTenant(await this.#find(caller, id));
  }

  async update(caller: Principal, id: string, body: UpdateTenantBody): Promise<TenantAnswer> {
    await this.#find(caller, id);
    if (!isOwnChoice(body)) requireOperator(caller);
    return this.#change(caller, id, () => tenantColumns(body));
  }

  /** Suspends or resumes. A suspended tenant's publishers are cut, its rooms emptied, its keys refused. */
  async setStatus(caller: Principal, id: string, status: TenantStatus): Promise<TenantAnswer> {
    await this.#findForOperator(caller, id);
    const answer = await this.#change(caller, id, () => ({ status }));
    if (status === 'suspended') await this.dependents.suspended(id);
    return answer;
  }

  /** A deleted tenant is refused like one that does not exist. Its data is kept for a time, or purged at once. */
  async remove(caller: Principal, id: string, { purge }: DeleteTenantQuery): Promise<void> {
    await this.#findForOperator(caller, id);
    const now = new Date();
    await this.#change(
      caller,
      id,
      ({ deletedAt, purgeAt }) => ({
        status: 'suspended',
        deletedAt: deletedAt ?? now,
        purgeAt: purge ? now : (purgeAt ?? new Date(now.getTime() + this.settings.deletedTenantRetentionMs)),
      }),
      'delete',
    );
    await this.dependents.suspended(id);
    if (purge) await this.purge.purgeTenant(id);
  }

  /** It comes back suspended: nothing of it runs before the operator has looked at it. One that is not deleted stays as it is. */
  async restore(caller: Principal, id: string): Promise<TenantAnswer> {
    await this.#findForOperator(caller, id);
    return this.#change(
      caller,
      id,
      ({ purgeAt }) => {
        if (purgeAt !== null && purgeAt.getTime() <= Date.now())
          throw new ProblemError('conflict', 'The data of this tenant is being deleted.');
        return { deletedAt: null, purgeAt: null };
      },
      'restore',
    );
  }

  async #change(
    caller: Principal,
    id: string,
    valuesOf: (row: TenantEntity) => Partial<TenantEntity>,
    kind: 'update' | 'delete' | 'restore' = 'update',
  ): Promise<TenantAnswer> {
    const answer = await this.database.transaction(
      async (manager) => {
        const row = await manager.findOne(TenantEntity, { where: { id }, lock: { mode: 'for_no_key_update' } });
        if (row === null) throw notFound();
        const before = writeTenant(row);
        requireMatch(caller, before);
        if (kind === 'update' && row.deletedAt !== null)
          throw new ProblemError('conflict', 'This tenant is deleted: restore it first.');
        const changed = { ...valuesOf(row), updatedAt: timeOfChange(row.updatedAt) };
        await manager.update(TenantEntity, { id }, changed);
        const after = writeTenant({ ...row, ...changed });
        const isDeletion = kind === 'delete';
        await recordChange(manager, caller, { tenantId: id, objectId: id, before, ...(!isDeletion && { after }) });
        return after;
      },
      { turn: id },
    );
    await this.known.changed('tenants', id);
    return answer;
  }

  async #find(caller: Principal, id: string): Promise<TenantEntity> {
    if (caller.kind === 'tenant' && caller.tenantId !== id) throw notFound();
    const row = await this.database.run((manager) => manager.findOneBy(TenantEntity, { id }));
    if (row === null) throw notFound();
    return row;
  }

  /** Another tenant's id is not found; the caller's own may be seen, but not changed by the tenant itself. */
  async #findForOperator(caller: Principal, id: string): Promise<void> {
    await this.#find(caller, id);
    requireOperator(caller);
  }
}

/** What a tenant may change of itself. */
const OWN_FIELDS: ReadonlySet<string> = new Set<keyof UpdateTenantBody>(['require_signed_playback']);

function isOwnChoice(body: UpdateTenantBody): boolean {
  const named = Object.keys(body);
  return named.length > 0 && named.every((name) => OWN_FIELDS.has(name));
}
