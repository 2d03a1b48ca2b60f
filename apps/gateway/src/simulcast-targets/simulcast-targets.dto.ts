import { z } from 'zod';
import {
  MAX_TARGET_KEY_LENGTH,
  MAX_TARGET_LOGIN_LENGTH,
  MAX_TARGET_URL_LENGTH,
  TARGET_STATES,
} from '@millrace/control';
import type { EventType } from '../events/event-types.ts';
import type { NewEvent } from '../events/append-event.ts';
import { idField, nameField, optionalTimeText, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import type { SimulcastTargetEntity } from './simulcast-target.entity.ts';

const MAX_NAME_LENGTH = 100;
/** An edge reports every 5 s, 10 s at most: one that has not for this long is dead, or the stream is not live. */
const STALE_MS = 25_000;

export const simulcastTargetParam = idField('simulcastTarget');

const url = z
  .string()
  .min(1)
  .max(MAX_TARGET_URL_LENGTH)
  .describe(
    'Address of the other server, as it tells its users: `rtmp://…`, `rtmps://…`, `srt://…`, `rtsp://…` or `rtsps://…`, at a public address. Without `stream_key`, ' +
      'its last part is taken as the stream key, or its `streamid` (SRT); a user name, a password or a passphrase in it are taken as those.',
  );
/** Some servers decode it, so a control character in its percent-encoded form is one too. */
export const simulcastStreamKey = z
  .string()
  .regex(
    /^(?:(?!%(?:[01][0-9A-Fa-f]|7[Ff]))[\x21-\x7e])+$/,
    'must be visible characters of ASCII, without blanks and control characters, percent-encoded ones included',
  )
  .max(MAX_TARGET_KEY_LENGTH)
  .describe('Stream key at the other server; over SRT the stream id. It is sealed, and never shown again.');
const login = z.string().min(1).max(MAX_TARGET_LOGIN_LENGTH);
const username = login.describe('User name at the other server (RTSP). It is sealed, and never shown again.');
const password = login.describe('Password at the other server (RTSP). It is sealed, and never shown again.');
const passphrase = login.describe(
  'Passphrase that the stream is encrypted with (SRT). It is sealed, and never shown again.',
);
const enabled = z.boolean().describe('Whether the stream is sent there while it is live.');

export const createSimulcastTargetBody = z
  .strictObject({
    url,
    stream_key: simulcastStreamKey.optional(),
    username: username.optional(),
    password: password.optional(),
    passphrase: passphrase.optional(),
    name: nameField(MAX_NAME_LENGTH).default('target').describe('Display name of the target.'),
    enabled: enabled.default(true),
  })
  .meta({ id: 'CreateSimulcastTarget' });
export type CreateSimulcastTargetBody = z.infer<typeof createSimulcastTargetBody>;

export const updateSimulcastTargetBody = z
  .strictObject({
    url: url
      .optional()
      .describe('Another address: `stream_key` has to be given again, and so has everything else that is secret.'),
    stream_key: simulcastStreamKey.optional(),
    username: username.nullable().optional(),
    password: password.nullable().optional(),
    passphrase: passphrase.nullable().optional(),
    name: nameField(MAX_NAME_LENGTH).optional(),
    enabled: enabled.optional(),
  })
  .meta({ id: 'UpdateSimulcastTarget' });
export type UpdateSimulcastTargetBody = z.infer<typeof updateSimulcastTargetBody>;

export const listSimulcastTargetsQuery = z.strictObject(pageQuery);
export type ListSimulcastTargetsQuery = z.infer<typeof listSimulcastTargetsQuery>;

const STATES = ['disabled', 'idle', ...TARGET_STATES] as const;

export const simulcastTargetAnswer = z
  .strictObject({
    id: simulcastTargetParam,
    live_stream_id: idField('liveStream'),
    name: z.string(),
    url: z.string().describe('Without the stream key and other secrets.'),
    enabled: z.boolean(),
    state: z
      .enum(STATES)
      .describe(
        'disabled: `enabled` is false. idle: the stream is not live. connecting: connecting now. connected: the stream is being sent. ' +
          'waiting: the last attempt failed, another one follows. error: likewise, and it will fail until something is changed.',
      ),
    connected_at: timeField().nullable().describe('Since when the stream is being sent; null: it is not.'),
    bytes_sent: z.int().min(0).describe('Bytes sent to it since it was created.'),
    last_error: z
      .strictObject({
        code: z.string().describe('What went wrong, for programs.'),
        message: z
          .string()
          .describe('What went wrong, for people: what the other server said, where it said something.'),
        at: timeField(),
      })
      .nullable()
      .describe('Why the last attempt failed; it remains until the target is changed.'),
    created_at: timeField(),
    updated_at: timeField(),
  })
  .meta({ id: 'SimulcastTarget' });
export type SimulcastTargetAnswer = z.infer<typeof simulcastTargetAnswer>;

export const simulcastTargetPage = pageOf(simulcastTargetAnswer).meta({ id: 'SimulcastTargetPage' });

function stateOf({ enabled: isEnabled, state, reportedAt }: SimulcastTargetEntity): SimulcastTargetAnswer['state'] {
  if (!isEnabled) return 'disabled';
  const isFresh = reportedAt !== null && Date.now() - reportedAt.getTime() < STALE_MS;
  return (isFresh ? STATES.find((each) => each === state) : undefined) ?? 'idle';
}

export function writeSimulcastTarget(row: SimulcastTargetEntity): SimulcastTargetAnswer {
  const state = stateOf(row);
  const { errorCode, errorMessage, errorAt } = row;
  return {
    id: row.id,
    live_stream_id: row.liveStreamId,
    name: row.label,
    url: row.url,
    enabled: row.enabled,
    state,
    connected_at: state === 'connected' ? optionalTimeText(row.connectedAt) : null,
    bytes_sent: row.pastBytes + row.epochBytes,
    last_error:
      errorCode === null || errorAt === null
        ? null
        : { code: errorCode, message: errorMessage ?? '', at: timeText(errorAt) },
    created_at: timeText(row.createdAt),
    updated_at: timeText(row.updatedAt),
  };
}

/** The target as events and the audit log keep it: without what it is doing now, and a query may contain a secret. */
export function simulcastTargetObject(row: SimulcastTargetEntity) {
  const {
    id,
    live_stream_id,
    name,
    url: address,
    enabled: isEnabled,
    created_at,
    updated_at,
  } = writeSimulcastTarget(row);
  return { id, live_stream_id, name, url: address.replace(/\?.*$/, ''), enabled: isEnabled, created_at, updated_at };
}

/** Events of a target belong to those of its stream. */
export const simulcastTargetEvent = (
  type: Extract<EventType, `simulcast_target.${string}`>,
  row: SimulcastTargetEntity,
  more: Readonly<Record<string, unknown>> = {},
): NewEvent => ({
  type,
  tenantId: row.tenantId,
  objectId: row.liveStreamId,
  object: { ...simulcastTargetObject(row), ...more },
});
