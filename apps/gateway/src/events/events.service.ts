import { Inject, Injectable } from '@nestjs/common';
import { And, LessThan, MoreThanOrEqual, Raw } from 'typeorm';
import type { EntityManager, FindOptionsWhere } from 'typeorm';
import { listScope, notFound, ownedBy } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { Purges } from '../database/purges.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page, PageRequest } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { readEventClock } from './event-clock.ts';
import type { EventClock } from './event-clock.ts';
import type { EventType } from './event-types.ts';
import { EventEntity } from './event.entity.ts';
import type { EventBody } from './event.entity.ts';
import type { EventAnswer, FollowEventsQuery, ListEventsQuery } from './events.dto.ts';

/** With their deliveries. */
const PURGE_EVERY_MS = 10 * 60_000;

/** A place in the order in which events are committed. */
export interface EventPlace {
  readonly transaction: string;
  readonly position: string;
}

export interface FollowedEvents extends EventClock {
  readonly bodies: readonly EventBody[];
  /** Where to go on from: the last of these events, or, when there are no more of them, what was looked at in vain. */
  readonly last: EventPlace;
}

export interface EventFilter {
  readonly tenantId: string | undefined;
  readonly type: string | undefined;
  readonly objectId: string | undefined;
}

@Injectable()
export class EventsService {
  constructor(
    private readonly database: Database,
    purges: Purges,
    @Inject(GATEWAY_SETTINGS) settings: GatewaySettings,
  ) {
    purges.add({
      what: 'old events',
      everyMs: PURGE_EVERY_MS,
      run: (nowMs, stop) => {
        const createdAt = LessThan(new Date(nowMs - settings.eventRetentionMs));
        return deleteInBatches(database, EventEntity, { createdAt }, stop);
      },
    });
  }

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

  /** The events of a session that the caller is known to see, newest first. */
  async listOfSession(
    sessionId: string,
    query: PageRequest & { readonly type?: string | undefined },
  ): Promise<Page<EventAnswer>> {
    const { before, order, take } = pageFind('event', query);
    const rows = await this.database.run((manager) =>
      manager.find(EventEntity, {
        where: {
          ...before,
          body: Raw((body) => `${body} #>> '{data,object,session_id}' = :sessionId`, { sessionId }),
          ...(query.type !== undefined && { type: query.type as EventType }),
        },
        order,
        take,
      }),
    );
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
    const { horizon } = await this.database.run(readEventClock);
    // Every event of a transaction that may still run follows.
    return beginningOf(horizon);
  }

  /** Events after a place, in the order of their transactions; those of a transaction that may still run are left for later. */
  async follow(filter: EventFilter, after: EventPlace, limit: number): Promise<FollowedEvents> {
    return this.database.run(async (manager) => {
      const { horizon, newest } = await readEventClock(manager);
      const rows = await readAfter(manager, filter, after, horizon, limit);
      const last = rows.at(-1);
      const bodies = rows.map(({ body }) => body);
      if (rows.length === limit && last !== undefined) return { bodies, last, horizon, newest };
      // The rest, up to the horizon, is not of this filter: it is not read again.
      return { bodies, last: horizon > BigInt(after.transaction) ? beginningOf(horizon) : after, horizon, newest };
    });
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

/** Position 0 is before the first event of a transaction. */
const beginningOf = (transaction: bigint): EventPlace => ({ transaction: String(transaction), position: '0' });

const readAfter = (
  manager: EntityManager,
  filter: EventFilter,
  after: EventPlace,
  horizon: bigint,
  limit: number,
): Promise<FollowedRow[]> =>
  manager.query(
    `SELECT body, transaction::text, position::text FROM events
     WHERE (transaction, position) > ($1::xid8, $2::bigint) AND transaction < $7::xid8
       AND ($3::text IS NULL OR tenant_id = $3) AND ($4::text IS NULL OR type = $4) AND ($5::text IS NULL OR object_id = $5)
     ORDER BY events.transaction, events.position LIMIT $6`,
    [
      after.transaction,
      after.position,
      filter.tenantId ?? null,
      filter.type ?? null,
      filter.objectId ?? null,
      limit,
      String(horizon),
    ],
  );

function createdWithin({ created_after, created_before }: ListEventsQuery): FindOptionsWhere<EventEntity> {
  const from = created_after === undefined ? undefined : MoreThanOrEqual(new Date(created_after));
  const to = created_before === undefined ? undefined : LessThan(new Date(created_before));
  if (from !== undefined && to !== undefined) return { createdAt: And(from, to) };
  const one = from ?? to;
  return one === undefined ? {} : { createdAt: one };
}
