// Writes an event and its deliveries in the transaction of the change that it reports.
import { newId } from '@millrace/domain';
import type { EntityManager } from 'typeorm';
import { markCommit } from '../database/commit-news.ts';
import { TRANSACTION_OF_EVENT } from './event-clock.ts';
import { filtersOf } from './event-types.ts';
import type { EventType } from './event-types.ts';
import type { EventBody } from './event.entity.ts';

export interface NewEvent {
  readonly type: EventType;
  readonly tenantId: string;
  /** What it happened to. */
  readonly objectId: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly previous?: Readonly<Record<string, unknown>> | undefined;
  /** When it happened; now when not given. */
  readonly at?: Date;
  /** Reports of the same fact share one name; only the first is kept. */
  readonly once?: string;
  /** Deliver to this endpoint alone, whatever it asks for; otherwise to every endpoint that asks for this type. */
  readonly onlyTo?: string;
}

/** Announced to all readers of events when some are committed. */
export const EVENTS_COMMITTED = 'events';
/** The same, for readers of one tenant's events. */
export const eventsCommittedOf = (tenantId: string): string => `${EVENTS_COMMITTED} ${tenantId}`;
/** The tenant whose readers a topic is for; undefined for any other topic. */
export const tenantOfTopic = (topic: string): string | undefined =>
  topic.startsWith(`${EVENTS_COMMITTED} `) ? topic.slice(EVENTS_COMMITTED.length + 1) : undefined;

/**
 * @returns the event's id; undefined when it was reported before
 * @throws when there is no such tenant
 */
export async function appendEvent(manager: EntityManager, event: NewEvent): Promise<string | undefined> {
  const id = newId('evt');
  const createdAt = event.at ?? new Date();
  const body: EventBody = {
    id,
    type: event.type,
    api_version: 'v1',
    created_at: createdAt.toISOString(),
    tenant_id: event.tenantId,
    data: { object: event.object },
    ...(event.previous !== undefined && { previous_attributes: event.previous }),
  };
  const rows: { position: string }[] = await manager.query(
    `INSERT INTO events (id, tenant_id, type, object_id, body, once, created_at, transaction)
     VALUES ($1, $2, $3, $4, $5, $6, $7, ${TRANSACTION_OF_EVENT})
     ON CONFLICT (once) DO NOTHING RETURNING position`,
    [id, event.tenantId, event.type, event.objectId, JSON.stringify(body), event.once ?? null, createdAt],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const endpoints: { id: string }[] = await manager.query(
    event.onlyTo === undefined
      ? `SELECT id FROM webhook_endpoints WHERE tenant_id = $1 AND enabled AND event_types && $2::text[]
         FOR KEY SHARE`
      : `SELECT id FROM webhook_endpoints WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE`,
    [event.tenantId, event.onlyTo ?? filtersOf(event.type)],
  );
  if (endpoints.length > 0)
    await manager.query(
      `INSERT INTO webhook_deliveries
         (id, tenant_id, endpoint_id, event_id, event_type, object_id, position, status, next_attempt_at, created_at)
       SELECT given.id, $3, given.endpoint_id, $4, $5, $6, $7, 'pending', now(), now()
       FROM unnest($1::text[], $2::text[]) AS given (id, endpoint_id)`,
      [
        endpoints.map(() => newId('whd')),
        endpoints.map((endpoint) => endpoint.id),
        event.tenantId,
        id,
        event.type,
        event.objectId,
        row.position,
      ],
    );
  markCommit(manager, EVENTS_COMMITTED);
  markCommit(manager, eventsCommittedOf(event.tenantId));
  return id;
}

/** Changes with every write, so it is not reported by itself. */
const BOOKKEEPING = new Set(['updated_at']);

/** The changed fields of an object with their old values: `previous_attributes`. */
export const changesBetween = (
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(before).filter(
      ([name, value]) => !BOOKKEEPING.has(name) && JSON.stringify(value) !== JSON.stringify(after[name]),
    ),
  );
