import { Injectable } from '@nestjs/common';
import { And, LessThan, MoreThanOrEqual } from 'typeorm';
import type { EntityManager, FindOptionsWhere } from 'typeorm';
import { listScope, notFound, ownedBy } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { EventEntity } from './event.entity.ts';
import type { EventBody } from './event.entity.ts';
import type { EventAnswer, FollowEventsQuery, ListEventsQuery } from './events.dto.ts';

/** A place in the order in which events are committed. */
export interface EventPlace {
  readonly transaction: string;
  readonly position: string;
}

export interface EventFilter {
  readonly tenantId: string | undefined;
  readonly type: string | undefined;
  readonly objectId: string | undefined;
}

@Injectable()
export class EventsService {
  constructor(private readonly database: Database) {}

  async list(caller: Principal, query: ListEventsQuery): Promise<Page<EventAnswer>> {
    if (query.after !== undefined) return this.#listAfter(caller, query, query.after);
    const { before, order, take } = pageFind('event', query);
    const where: FindOptionsWhere<EventEntity> = {
      ...before,
      ...listScope(caller, query.tenant_id),
      ...(query.type !== undefined && { type: query.type }),
      ...(query.object_id !== undefined && { objectId: query.object_id }),
      ...createdWithin(query),
    };
    const rows = await this.database.run((manager) => manager.find(EventEntity, { where, order, take }));
    return toPage(rows, query.limit, ({ body }) => body);
  }

  async read(caller: Principal, id: string): Promise<EventAnswer> {
    const where = { id, ...ownedBy(caller) };
    const row = await this.database.run((manager) => manager.findOneBy(EventEntity, where));
    if (row === null) throw notFound();
    return row.body;
  }

  /** The events that a caller may read. */
  filterOf(caller: Principal, query: FollowEventsQuery): EventFilter {
    const { tenantId } = listScope(caller, query.tenant_id);
    return { tenantId, type: query.type, objectId: query.object_id };
  }

  /** The place of an event that this caller may read. @throws ProblemError when there is none */
  async placeOf(caller: Principal, id: string): Promise<EventPlace> {
    const { tenantId } = ownedBy(caller);
    const rows: EventPlace[] = await this.database.run((manager) =>
      manager.query(
        `SELECT transaction::text, position::text FROM events WHERE id = $1 AND ($2::text IS NULL OR tenant_id = $2)`,
        [id, tenantId ?? null],
      ),
    );
    const [row] = rows;
    if (row === undefined)
      throw new ProblemError('invalid_cursor', 'This event does not exist, or was deleted because of its age.');
    return row;
  }

  /** The place after everything that is committed now. */
  async newestPlace(): Promise<EventPlace> {
    const [row]: { transaction: string }[] = await this.database.run((manager) =>
      manager.query(`SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS transaction`),
    );
    // Every event of a transaction that may still run follows; position 0 is before the first of them.
    return { transaction: row?.transaction ?? '0', position: '0' };
  }

  /** Events after a place, in the order of their transactions; those of a transaction that may still run are left for later. */
  async follow(
    filter: EventFilter,
    after: EventPlace,
    limit: number,
  ): Promise<{ readonly bodies: readonly EventBody[]; readonly last: EventPlace }> {
    const rows = await this.database.run((manager) => readAfter(manager, filter, after, limit));
    const last = rows.at(-1);
    return { bodies: rows.map(({ body }) => body), last: last ?? after };
  }

  async #listAfter(caller: Principal, query: ListEventsQuery, after: string): Promise<Page<EventAnswer>> {
    const place = await this.placeOf(caller, after);
    const { bodies } = await this.follow(this.filterOf(caller, query), place, query.limit + 1);
    const data = bodies.slice(0, query.limit);
    return { data, has_more: bodies.length > query.limit, next_cursor: null };
  }
}

interface FollowedRow extends EventPlace {
  readonly body: EventBody;
}

const readAfter = (
  manager: EntityManager,
  filter: EventFilter,
  after: EventPlace,
  limit: number,
): Promise<FollowedRow[]> =>
  manager.query(
    `SELECT body, transaction::text, position::text FROM events
     WHERE (transaction, position) > ($1::xid8, $2::bigint) AND transaction < pg_snapshot_xmin(pg_current_snapshot())
       AND ($3::text IS NULL OR tenant_id = $3) AND ($4::text IS NULL OR type = $4) AND ($5::text IS NULL OR object_id = $5)
     ORDER BY events.transaction, events.position LIMIT $6`,
    [after.transaction, after.position, filter.tenantId ?? null, filter.type ?? null, filter.objectId ?? null, limit],
  );

function createdWithin({ created_after, created_before }: ListEventsQuery): FindOptionsWhere<EventEntity> {
  const from = created_after === undefined ? undefined : MoreThanOrEqual(new Date(created_after));
  const to = created_before === undefined ? undefined : LessThan(new Date(created_before));
  if (from !== undefined && to !== undefined) return { createdAt: And(from, to) };
  const one = from ?? to;
  return one === undefined ? {} : { createdAt: one };
}
