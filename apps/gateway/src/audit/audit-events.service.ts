import { Inject, Injectable } from '@nestjs/common';
import { And, LessThan, MoreThanOrEqual } from 'typeorm';
import type { FindOptionsWhere } from 'typeorm';
import { listScope, notFound, ownedBy } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { Purges } from '../database/purges.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { AuditEventEntity } from './audit-event.entity.ts';
import { CSV_HEADER, csvLine, writeAuditEvent } from './audit-events.dto.ts';
import type { AuditEventAnswer, ExportAuditEventsQuery, ListAuditEventsQuery } from './audit-events.dto.ts';

/** Rows of one query of an export. */
const EXPORT_STEP = 500;

const PURGE_EVERY_MS = 10 * 60_000;

@Injectable()
export class AuditEventsService {
  constructor(
    private readonly database: Database,
    purges: Purges,
    @Inject(GATEWAY_SETTINGS) settings: GatewaySettings,
  ) {
    purges.add({
      what: 'old audit events',
      everyMs: PURGE_EVERY_MS,
      run: (nowMs, stop) => {
        const createdAt = LessThan(new Date(nowMs - settings.auditRetentionMs));
        return deleteInBatches(database, AuditEventEntity, { createdAt }, stop);
      },
    });
  }

  async list(caller: Principal, query: ListAuditEventsQuery): Promise<Page<AuditEventAnswer>> {
    const { before, order, take } = pageFind('auditEvent', query);
    const where = { ...before, ...conditions(caller, query) };
    const rows = await this.database.run((manager) => manager.find(AuditEventEntity, { where, order, take }));
    return toPage(rows, query.limit, writeAuditEvent);
  }

  async read(caller: Principal, id: string): Promise<AuditEventAnswer> {
    const where = { id, ...ownedBy(caller) };
    const row = await this.database.run((manager) => manager.findOneBy(AuditEventEntity, where));
    if (row === null) throw notFound();
    return writeAuditEvent(row);
  }

  /** All of them, newest first, as text: a step is read when the one before it has been sent. */
  async *export(caller: Principal, query: ExportAuditEventsQuery): AsyncGenerator<string> {
    const where = conditions(caller, query);
    if (query.format === 'csv') yield CSV_HEADER;
    let last: string | undefined;
    for (;;) {
      const step = { ...where, ...(last !== undefined && { id: LessThan(last) }) };
      const rows = await this.database.run((manager) =>
        manager.find(AuditEventEntity, { where: step, order: { id: 'DESC' }, take: EXPORT_STEP }),
      );
      const lines = rows
        .map(writeAuditEvent)
        .map((event) => (query.format === 'csv' ? csvLine(event) : jsonLine(event)));
      if (lines.length > 0) yield lines.join('');
      last = rows.at(-1)?.id;
      if (rows.length < EXPORT_STEP) return;
    }
  }
}

const jsonLine = (event: AuditEventAnswer): string => `${JSON.stringify(event)}\n`;

function conditions(
  caller: Principal,
  query: Omit<ListAuditEventsQuery, 'limit' | 'cursor'>,
): FindOptionsWhere<AuditEventEntity> {
  return {
    ...listScope(caller, query.tenant_id),
    ...(query.object_id !== undefined && { objectId: query.object_id }),
    ...(query.actor_id !== undefined && { actorId: query.actor_id }),
    ...(query.action !== undefined && { action: query.action }),
    ...createdWithin(query.created_after, query.created_before),
  };
}

function createdWithin(after: string | undefined, before: string | undefined): FindOptionsWhere<AuditEventEntity> {
  const from = after === undefined ? undefined : MoreThanOrEqual(new Date(after));
  const to = before === undefined ? undefined : LessThan(new Date(before));
  if (from !== undefined && to !== undefined) return { createdAt: And(from, to) };
  const one = from ?? to;
  return one === undefined ? {} : { createdAt: one };
}
