import { z } from 'zod';
import { idField, timeField } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { EVENT_TYPES, eventTypes } from './event-types.ts';

const MAX_OBJECT_ID_LENGTH = 64;

export const eventParam = idField('event');

export const eventType = z.enum(eventTypes).describe(
  Object.entries(EVENT_TYPES)
    .map(([type, when]) => `${type}: ${when}`)
    .join(' '),
);

const time = () => z.iso.datetime({ offset: true });
const filters = {
  tenant_id: idField('tenant').optional(),
  type: z.enum(eventTypes).optional().describe('Only events of this type.'),
  object_id: z
    .string()
    .regex(/^[a-z]+_[0-9a-z]+$/)
    .max(MAX_OBJECT_ID_LENGTH)
    .optional()
    .describe('Only events of this live stream, room, signing key or webhook endpoint, by its id.'),
};

export const listEventsQuery = z
  .strictObject({
    ...pageQuery,
    ...filters,
    created_after: time().optional().describe('Only events at or after this time.'),
    created_before: time().optional().describe('Only events before this time.'),
    after: eventParam
      .optional()
      .describe(
        'Return the events committed after this one, oldest first. No event is skipped or repeated if each request passes the last event of the previous response. Cannot be combined with `cursor`.',
      ),
  })
  .refine(({ after, cursor }) => after === undefined || cursor === undefined, {
    path: ['after'],
    error: 'cannot be combined with cursor',
  });
export type ListEventsQuery = z.infer<typeof listEventsQuery>;

export const followEventsQuery = z.strictObject(filters);
export type FollowEventsQuery = z.infer<typeof followEventsQuery>;

export const eventAnswer = z
  .strictObject({
    id: eventParam,
    type: eventType,
    api_version: z.literal('v1'),
    created_at: timeField().describe('Time of the event.'),
    tenant_id: idField('tenant'),
    data: z.strictObject({
      object: z
        .record(z.string(), z.unknown())
        .describe('The object that the event is about, as it was after the change.'),
    }),
    previous_attributes: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Only after an update: the previous values of the changed fields.'),
  })
  .meta({ id: 'Event' });
export type EventAnswer = z.infer<typeof eventAnswer>;

export const eventPage = pageOf(eventAnswer).meta({ id: 'EventPage' });
