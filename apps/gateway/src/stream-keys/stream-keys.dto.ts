import { z } from 'zod';
import {
  allowedAddressesField,
  futureTimeField,
  graceSecondsField,
  idField,
  nameField,
  optionalTimeText,
  timeField,
  timeText,
} from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import type { StreamKeyEntity } from './stream-key.entity.ts';

const MAX_NAME_LENGTH = 100;

const allowedAddresses = allowedAddressesField().describe(
  'Ranges that encoders must come from; empty: from everywhere.',
);

export const streamKeyParam = idField('streamKey');

/** SRT takes 10 to 79 bytes; encoders have fields for ASCII. */
const srtPassphrase = z
  .string()
  .regex(/^[\x20-\x7e]{10,79}$/, 'must be 10 to 79 characters of ASCII')
  .nullable()
  .describe(
    'Passphrase for SRT: an encoder that has it names the key by its id, and what it sends is encrypted. It is sealed and not shown again. null: none.',
  );

export const createStreamKeyBody = z
  .strictObject({
    name: nameField(MAX_NAME_LENGTH).default('stream key').describe('Display name of the key.'),
    allowed_addresses: allowedAddresses.default([]),
    expires_at: futureTimeField().nullable().default(null).describe('When the key stops working; null: never.'),
    srt_passphrase: srtPassphrase.default(null),
  })
  .meta({ id: 'CreateStreamKey' });
export type CreateStreamKeyBody = z.infer<typeof createStreamKeyBody>;

export const rotateStreamKeyBody = z
  .strictObject({
    grace_seconds: graceSecondsField().describe(
      'How long the old key keeps working. After that, its publisher is disconnected.',
    ),
    srt_passphrase: srtPassphrase
      .optional()
      .describe('Passphrase of the new key for SRT; absent: that of the old key.'),
  })
  .meta({ id: 'RotateStreamKey' });
export type RotateStreamKeyBody = z.infer<typeof rotateStreamKeyBody>;

export const listStreamKeysQuery = z.strictObject(pageQuery);
export type ListStreamKeysQuery = z.infer<typeof listStreamKeysQuery>;

const fields = {
  id: streamKeyParam,
  live_stream_id: idField('liveStream'),
  name: z.string(),
  hint: z.string().describe('Last characters of the secret.'),
  status: z.enum(['active', 'expiring', 'expired', 'revoked']),
  allowed_addresses: z.array(z.string()),
  has_srt_passphrase: z.boolean().describe('Whether the key has a passphrase for SRT.'),
  ingest_source_id: idField('ingestSource')
    .nullable()
    .describe('The ingest source that publishes with this key; null for a key of encoders.'),
  created_at: timeField(),
  expires_at: timeField().nullable(),
  revoked_at: timeField().nullable(),
  last_used_at: timeField().nullable(),
};

export const streamKeyAnswer = z.strictObject(fields).meta({ id: 'StreamKey' });
export type StreamKeyAnswer = z.infer<typeof streamKeyAnswer>;

export const streamKeyWithSecret = z
  .strictObject({
    ...fields,
    key: z.string().describe('The key itself. It is shown only once, and by `reveal`.'),
    server: z.string().describe('Value for the "Server" field of an encoder, to use with the key.'),
    user: z.string().describe('For encoders that ask for a user name and a password: the id of the key.'),
    password: z.string().describe('The password for that user name: the key. It is shown only once.'),
    login_server: z
      .string()
      .nullable()
      .describe(
        'Value for the "Server" field of such an encoder (`authmod=adobe`), with any stream name. null if the operator has turned this off.',
      ),
  })
  .meta({ id: 'StreamKeyWithSecret' });
export type StreamKeyWithSecret = z.infer<typeof streamKeyWithSecret>;

/** The addresses that encoders are given. */
interface IngestAddresses {
  readonly publicRtmpUrl: string;
  readonly rtmpLoginApps: readonly string[];
}

export const writeStreamKeyWithSecret = (
  row: StreamKeyEntity,
  secret: string,
  { publicRtmpUrl, rtmpLoginApps: [app] }: IngestAddresses,
): StreamKeyWithSecret => ({
  ...writeStreamKey(row),
  key: secret,
  server: publicRtmpUrl,
  user: row.id,
  password: secret,
  login_server: app === undefined ? null : publicRtmpUrl.replace(/^(rtmps?:\/\/[^/]*).*$/, `$1/${app}`),
});

export const streamKeyPage = pageOf(streamKeyAnswer).meta({ id: 'StreamKeyPage' });

export const writeStreamKey = (row: StreamKeyEntity): StreamKeyAnswer => ({
  id: row.id,
  live_stream_id: row.liveStreamId,
  name: row.label,
  hint: row.hint,
  status: statusOf(row, Date.now()),
  allowed_addresses: row.allowedAddresses,
  has_srt_passphrase: row.srtPassphrase !== null,
  ingest_source_id: row.ingestSourceId,
  created_at: timeText(row.createdAt),
  expires_at: optionalTimeText(row.expiresAt),
  revoked_at: optionalTimeText(row.revokedAt),
  last_used_at: optionalTimeText(row.lastUsedAt),
});

/** What is stored of a key, without its use. */
export function streamKeyObject(row: StreamKeyEntity): Omit<StreamKeyAnswer, 'last_used_at'> {
  const { last_used_at: _used, ...object } = writeStreamKey(row);
  return object;
}

function statusOf({ revokedAt, expiresAt }: StreamKeyEntity, nowMs: number): StreamKeyAnswer['status'] {
  if (revokedAt !== null) return 'revoked';
  if (expiresAt === null) return 'active';
  return expiresAt.getTime() > nowMs ? 'expiring' : 'expired';
}
