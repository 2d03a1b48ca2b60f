import { Injectable } from '@nestjs/common';
import { newId } from '@millrace/domain';
import { recordChange } from '../audit/record-change.ts';
import { notFound, requireOperator } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { requireMatch, timeOfChange } from '../etags/entity-tag.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { TenantDependents } from './tenant-dependents.ts';
import { TenantEntity } from './tenant.entity.ts';
import type { TenantStatus } from './tenant.entity.ts';
import { tenantColumns, writeTenant } from './tenants.dto.ts';
import type { CreateTenantBody, ListTenantsQuery, TenantAnswer, UpdateTenantBody } from './tenants.dto.ts';

@Injectable()
export class TenantsService {
  constructor(
    private readonly database: Database,
    private readonly known: KnownFacts,
    private readonly dependents: TenantDependents,
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
      maxApiReadsPerSecond: null,
      maxApiWritesPerSecond: null,
      requireSignedPlayback: body.require_signed_playback,
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
    const rows = await this.database.run((manager) => manager.find(TenantEntity, { where: before, order, take }));
    return toPage(rows, query.limit, writeTenant);
  }

  async read(caller: Principal, id: string): Promise<TenantAnswer> {
    return writeTenant(await this.#find(caller, id));
  }

  async update(caller: Principal, id: string, body: UpdateTenantBody): Promise<TenantAnswer> {
    await this.#find(caller, id);
    if (!isOwnChoice(body)) requireOperator(caller);
    return this.#change(caller, id, tenantColumns(body));
  }

  /** Suspends or resumes. A suspended tenant's publishers are cut, its rooms emptied, its keys refused. */
  async setStatus(caller: Principal, id: string, status: TenantStatus): Promise<TenantAnswer> {
    await this.#findForOperator(caller, id);
    const answer = await this.#change(caller, id, { status });
    if (status === 'suspended') await this.dependents.suspended(id);
    return answer;
  }

  /** Deletes the tenant with all that belongs to it. It is suspended first, so that nothing comes in while that goes on. */
  async remove(caller: Principal, id: string): Promise<void> {
    await this.#findForOperator(caller, id);
    await this.#change(caller, id, { status: 'suspended' }, { isDeletion: true });
    await this.dependents.suspended(id);
    await this.dependents.deleteRows(id);
    await this.database.run((manager) => manager.delete(TenantEntity, { id }));
    await this.known.changed('tenants', id);
    await this.dependents.deleted(id);
  }

  async #change(
    caller: Principal,
    id: string,
    values: Partial<TenantEntity>,
    { isDeletion = false } = {},
  ): Promise<TenantAnswer> {
    const answer = await this.database.transaction(
      async (manager) => {
        const row = await manager.findOne(TenantEntity, { where: { id }, lock: { mode: 'for_no_key_update' } });
        if (row === null) throw notFound();
        const before = writeTenant(row);
        requireMatch(caller, before);
        const changed = { ...values, updatedAt: timeOfChange(row.updatedAt) };
        await manager.update(TenantEntity, { id }, changed);
        const after = writeTenant({ ...row, ...changed });
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
