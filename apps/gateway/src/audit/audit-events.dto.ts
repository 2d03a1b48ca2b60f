import { z } from 'zod';
import { ACTOR_TYPES } from '../auth/principal.ts';
import { idField, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import type { AuditEventEntity } from './audit-event.entity.ts';

const MAX_ID_LENGTH = 64;
const MAX_ACTION_LENGTH = 100;

export const auditEventParam = idField('auditEvent');

const anyId = () =>
  z
    .string()
    .regex(/^[a-z]+_[0-9a-z]+$/)
    .max(MAX_ID_LENGTH);
const time = () => z.iso.datetime({ offset: true });
const filters = {
  tenant_id: idField('tenant').optional(),
  object_id: anyId().optional().describe('Only changes of this object, by its id.'),
  actor_id: anyId().optional().describe('Only changes by this key or user, by its id.'),
  action: z
    .string()
    .regex(/^[a-z_]+\.[a-z_]+$/)
    .max(MAX_ACTION_LENGTH)
    .optional()
    .describe('Only this action, such as `live_stream.update`.'),
  created_after: time().optional().describe('Only changes at or after this time.'),
  created_before: time().optional().describe('Only changes before this time.'),
};

export const listAuditEventsQuery = z.strictObject({ ...pageQuery, ...filters });
export type ListAuditEventsQuery = z.infer<typeof listAuditEventsQuery>;

export const exportAuditEventsQuery = z.strictObject({
  ...filters,
  format: z
    .enum(['ndjson', 'csv'])
    .default('ndjson')
    .describe('ndjson: one JSON object per line. csv: with a header line.'),
});
export type ExportAuditEventsQuery = z.infer<typeof exportAuditEventsQuery>;

const object = z.record(z.string(), z.unknown()).nullable();

export const auditEventAnswer = z
  .strictObject({
    id: auditEventParam,
    tenant_id: idField('tenant').nullable().describe('null: the change concerns no tenant.'),
    action: z.string().describe('The changed resource and what was done to it, such as `stream_key.rotate`.'),
    object_id: z.string().nullable(),
    actor: z
      .strictObject({
        type: z.enum(ACTOR_TYPES),
        id: z.string().nullable().describe('Id of the key or user; null: the operator key of the settings.'),
        name: z.string().nullable().describe('Its name at that time.'),
      })
      .describe('Who made the change.'),
    address: z.string().describe('Address that the request came from.'),
    request_id: z.string().describe('The `X-Request-Id` of the request.'),
    before: object.describe('The object before the change, secrets masked; after an update only what changed.'),
    after: object.describe('The object after the change, secrets masked; after an update only what changed.'),
    created_at: timeField(),
  })
  .meta({ id: 'AuditEvent' });
export type AuditEventAnswer = z.infer<typeof auditEventAnswer>;

export const auditEventPage = pageOf(auditEventAnswer).meta({ id: 'AuditEventPage' });

export const writeAuditEvent = (row: AuditEventEntity): AuditEventAnswer => ({
  id: row.id,
  tenant_id: row.tenantId,
  action: row.action,
  object_id: row.objectId,
  actor: { type: row.actorType, id: row.actorId, name: row.actorName },
  address: row.address,
  request_id: row.requestId,
  before: row.before,
  after: row.after,
  created_at: timeText(row.createdAt),
});

const CSV_COLUMNS: readonly (readonly [string, (event: AuditEventAnswer) => unknown])[] = [
  ['id', ({ id }) => id],
  ['created_at', (event) => event.created_at],
  ['tenant_id', (event) => event.tenant_id],
  ['action', ({ action }) => action],
  ['object_id', (event) => event.object_id],
  ['actor_type', ({ actor }) => actor.type],
  ['actor_id', ({ actor }) => actor.id],
  ['actor_name', ({ actor }) => actor.name],
  ['address', ({ address }) => address],
  ['request_id', (event) => event.request_id],
  ['before', ({ before }) => before],
  ['after', ({ after }) => after],
];

export const CSV_HEADER = `${CSV_COLUMNS.map(([name]) => name).join(',')}\r\n`;

/** RFC 4180. */
export const csvLine = (event: AuditEventAnswer): string =>
  `${CSV_COLUMNS.map(([, value]) => csvField(value(event))).join(',')}\r\n`;

function csvField(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A spreadsheet would take such a name for a formula.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
