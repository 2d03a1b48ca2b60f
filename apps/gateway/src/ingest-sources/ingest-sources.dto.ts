import { parseSourceState, PULL_STATES, SOURCE_LIMITS } from '@millrace/control';
import type { HeldSource } from '@millrace/live-store';
import { z } from 'zod';
import type { NewEvent } from '../events/append-event.ts';
import type { EventType } from '../events/event-types.ts';
import { idField, nameField, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { SOURCE_MODES } from './ingest-source.entity.ts';
import type { IngestSourceEntity } from './ingest-source.entity.ts';
import { withoutQuery } from './source-address.ts';

const MAX_NAME_LENGTH = 100;

export const ingestSourceParam = idField('ingestSource');

const url = z
  .string()
  .min(1)
  .max(SOURCE_LIMITS.maxUrlLength)
  .describe(
    'Address to pull from: `rtsp://`, `rtsps://`, `rtmp://`, `rtmps://`, `srt://`, or `http://` and `https://` with a path that ends in `.m3u8` (HLS) or `.flv`. ' +
      'A user name and a password in it, and the `passphrase` of SRT, are taken as `username` and `password`.',
  );
const credential = z
  .string()
  .max(SOURCE_LIMITS.maxCredentialLength)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters or halves of surrogate pairs');
const username = credential.describe(
  'User name at the source; none for RTMP and SRT. It is encrypted and not shown again.',
);
const password = credential.describe(
  'Password at the source, or the passphrase of SRT. It is encrypted and not shown again.',
);
const mode = z
  .enum(SOURCE_MODES)
  .describe(
    'always: the source is pulled all the time. on_demand: only while there are viewers, and for some seconds after the last one.',
  );
const enabled = z.boolean().describe('Whether the source is pulled.');

export const createIngestSourceBody = z
  .strictObject({
    name: nameField(MAX_NAME_LENGTH).default('ingest source').describe('Display name of the source.'),
    url,
    username: username.optional(),
    password: password.optional(),
    mode: mode.default('always'),
    enabled: enabled.default(true),
  })
  .meta({ id: 'CreateIngestSource' });
export type CreateIngestSourceBody = z.infer<typeof createIngestSourceBody>;

export const updateIngestSourceBody = z
  .strictObject({
    name: nameField(MAX_NAME_LENGTH).optional(),
    url: url.optional(),
    username: username.nullable().optional(),
    password: password.nullable().optional(),
    mode: mode.optional(),
    enabled: enabled.optional(),
  })
  .meta({ id: 'UpdateIngestSource' });
export type UpdateIngestSourceBody = z.infer<typeof updateIngestSourceBody>;

export const listIngestSourcesQuery = z.strictObject(pageQuery);
export type ListIngestSourcesQuery = z.infer<typeof listIngestSourcesQuery>;

export const ingestSourceAnswer = z
  .strictObject({
    id: ingestSourceParam,
    live_stream_id: idField('liveStream'),
    name: z.string(),
    url: z.string().describe('Without credentials.'),
    has_credentials: z.boolean().describe('Whether there is a user name or a password.'),
    mode,
    enabled: z.boolean(),
    state: z
      .enum(['disabled', 'idle', ...PULL_STATES, 'unknown'])
      .describe(
        'disabled: not pulled. idle: no edge pulls it yet, or no viewer wants it (`on_demand`). connecting, live: an edge does. waiting: an edge tries again later. ' +
          'unknown: the live store cannot be reached now.',
      ),
    state_since: timeField().nullable(),
    next_try_at: timeField().nullable().describe('When it is tried again, while it waits.'),
    last_error: z
      .strictObject({ message: z.string(), at: timeField() })
      .nullable()
      .describe('Why pulling failed, or ended, the last time, since the edge that pulls it took it over.'),
    created_at: timeField(),
    updated_at: timeField(),
  })
  .meta({ id: 'IngestSource' });
export type IngestSourceAnswer = z.infer<typeof ingestSourceAnswer>;

export const ingestSourcePage = pageOf(ingestSourceAnswer).meta({ id: 'IngestSourcePage' });

type Stored = Pick<
  IngestSourceAnswer,
  'id' | 'live_stream_id' | 'name' | 'url' | 'has_credentials' | 'mode' | 'enabled' | 'created_at' | 'updated_at'
>;

const stored = (row: IngestSourceEntity): Stored => ({
  id: row.id,
  live_stream_id: row.liveStreamId,
  name: row.name,
  url: row.url,
  has_credentials: row.sealed !== null,
  mode: row.mode,
  enabled: row.enabled,
  created_at: timeText(row.createdAt),
  updated_at: timeText(row.updatedAt),
});

/** @param held by an edge; undefined: by none; `unknown`: that cannot be told now */
export function writeIngestSource(
  row: IngestSourceEntity,
  held: HeldSource | undefined | 'unknown',
): IngestSourceAnswer {
  const told = row.enabled && typeof held === 'object' ? parseSourceState(held.state) : undefined;
  const untold = held === 'unknown' ? held : held === undefined ? 'idle' : 'connecting';
  const error = told?.error;
  return {
    ...stored(row),
    state: row.enabled ? (told?.state ?? untold) : 'disabled',
    state_since: told === undefined ? null : timeText(new Date(told.sinceMs)),
    next_try_at: told?.nextTryAtMs === undefined ? null : timeText(new Date(told.nextTryAtMs)),
    last_error: error === undefined ? null : { message: error.message, at: timeText(new Date(error.atMs)) },
  };
}

/** A source as events and the audit log have it: a query may hold a secret of the camera. */
export const sourceObject = (row: IngestSourceEntity): Stored => ({ ...stored(row), url: withoutQuery(row.url) });

export const ingestSourceEvent = (
  type: Extract<EventType, `ingest_source.${string}`>,
  row: IngestSourceEntity,
  more: Readonly<Record<string, unknown>> = {},
): NewEvent => ({
  type,
  tenantId: row.tenantId,
  objectId: row.liveStreamId,
  object: { ...sourceObject(row), ...more },
});
