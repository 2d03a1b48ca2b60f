// Writes an audit event in the transaction of the change that it tells of.
import { newId } from '@millrace/domain';
import type { EntityManager } from 'typeorm';
import type { Principal, RequestFacts } from '../auth/principal.ts';
import { maskSecrets } from './secret-fields.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface Change {
  /** Null: of no tenant. */
  readonly tenantId: string | null;
  readonly objectId: string | null;
  /** The object as the API gives it, without what it is doing now; not given when it was created. */
  readonly before?: Fields;
  /** Not given when it was deleted. */
  readonly after?: Fields;
}

/** Requests that have recorded a change of their own. */
const recorded = new WeakSet<RequestFacts>();

export const hasRecordedChange = ({ request }: Principal): boolean => recorded.has(request);

/** Call it in every transaction of a request that changes something, once for each object. */
export async function recordChange(
  manager: EntityManager,
  caller: Principal,
  { tenantId, objectId, before, after }: Change,
): Promise<void> {
  const { actor, request } = caller;
  await request.inTransaction?.(manager);
  const values = differences(before, after);
  await manager.query(
    `INSERT INTO audit_events
       (id, tenant_id, action, object_id, actor_type, actor_id, actor_name, address, request_id, before, after, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now())`,
    [
      newId('aud'),
      tenantId,
      request.action,
      objectId,
      actor.type,
      actor.id,
      actor.name,
      request.address,
      request.id,
      textOf(values.before),
      textOf(values.after),
    ],
  );
  recorded.add(request);
}

/** Of an update what has changed, of everything else all of it. Secrets are masked. */
function differences(
  before: Fields | undefined,
  after: Fields | undefined,
): { before: Fields | null; after: Fields | null } {
  if (before === undefined || after === undefined) return { before: masked(before), after: masked(after) };
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const only = (fields: Fields): Fields => Object.fromEntries(changed.map((name) => [name, fields[name] ?? null]));
  return { before: masked(only(before)), after: masked(only(after)) };
}

const masked = (fields: Fields | undefined): Fields | null =>
  fields === undefined ? null : (maskSecrets(fields) as Fields);

const textOf = (fields: Fields | null): string | null => (fields === null ? null : JSON.stringify(fields));
