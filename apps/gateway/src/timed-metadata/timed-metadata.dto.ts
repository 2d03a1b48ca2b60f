import { z } from 'zod';
import { idField, timeField } from '../http/fields.ts';

export const TIMED_METADATA_CODE_LIMITS = {
  maxBytes: 1_024,
  maxNameLength: 64,
  writeMs: 5_000,
} as const;

/** What is about the stream as a whole, or about a connection. */
const NOT_TIMED: readonly string[] = ['onMetaData', 'onStatus', 'onPlayStatus'];
const DEFAULT_NAME = 'onTimedMetadata';

/** An empty name ends an object in AMF0 (section 2.5). */
const hasNames = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  Object.entries(value).every(([name, member]) => name !== '' && hasNames(member));

const { maxBytes, maxNameLength } = TIMED_METADATA_CODE_LIMITS;

export const putTimedMetadataBody = z
  .strictObject({
    name: z
      .string()
      .regex(new RegExp(`^[A-Za-z][A-Za-z0-9_.-]{0,${maxNameLength - 1}}$`), 'must be a name such as onTextData')
      .refine((name) => !NOT_TIMED.includes(name), 'must not be the name of a message about the stream as a whole')
      .default(DEFAULT_NAME)
      .describe('What players know it by: the description of the ID3 frame, and the name of the data message in FLV.'),
    data: z
      .record(z.string(), z.unknown())
      .refine(
        (data) => Buffer.byteLength(JSON.stringify(data)) <= maxBytes,
        `must have at most ${maxBytes} bytes as JSON`,
      )
      .refine(hasNames, 'must not have an empty name')
      .describe(`What to tell the players: an object of JSON, at most ${maxBytes} bytes.`),
  })
  .meta({ id: 'PutTimedMetadata' });
export type PutTimedMetadataBody = z.infer<typeof putTimedMetadataBody>;

export const timedMetadataAnswer = z
  .strictObject({
    live_stream_id: idField('liveStream'),
    session_id: idField('session').describe('The session that it is in.'),
    name: z.string(),
    written_at: timeField().describe('When the frame log had it.'),
  })
  .meta({ id: 'TimedMetadata' });
export type TimedMetadataAnswer = z.infer<typeof timedMetadataAnswer>;
