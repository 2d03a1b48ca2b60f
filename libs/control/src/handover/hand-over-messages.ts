// How services without a database hand over what they have seen: a request to gateways, repeated until it is acknowledged.
import { IdPrefix } from '@millrace/domain';
import { z } from 'zod';
import { count, id } from '../schema-fields.ts';

/** Something that happened, on its way to the database. */
export interface HandedEvent {
  /** The same in every repetition: gateways write each event once. */
  readonly id: string;
  /** What kind of event it is: for most, the subject on which older releases tell it without waiting for an acknowledgement. */
  readonly subject: string;
  readonly tenantId: string;
  /** When it was handed over. */
  readonly atMs: number;
  readonly data: unknown;
}

export interface HandOver {
  /** Each is checked by itself: a gateway passes over what it can never write. */
  readonly events: readonly unknown[];
}

export interface HandOverAnswer {
  /** The ids of events that need not come again. */
  readonly done: readonly string[];
}

/** Most events of one request. */
export const MAX_EVENTS_AT_ONCE = 50;
const MAX_EVENT_ID_LENGTH = 64;
const MAX_SUBJECT_LENGTH = 128;

const eventId = z.string().min(1).max(MAX_EVENT_ID_LENGTH);

const handedEventSchema: z.ZodType<HandedEvent> = z.object({
  id: eventId,
  subject: z.string().max(MAX_SUBJECT_LENGTH),
  tenantId: id(IdPrefix.tenant),
  atMs: count,
  data: z.unknown(),
});

export const handOverSchema: z.ZodType<HandOver> = z.object({ events: z.array(z.unknown()).max(MAX_EVENTS_AT_ONCE) });

export const handOverAnswerSchema: z.ZodType<HandOverAnswer> = z.object({
  done: z.array(eventId).max(MAX_EVENTS_AT_ONCE),
});

const named = z.object({ id: eventId });

/**
 * Takes handed events one after the other.
 *
 * @param take writes one. False: another gateway, of a newer release, may know what it is. When it throws, the rest comes again
 * @param onUnreadable told of an event that can never be written
 */
export async function takeHandedEvents(
  { events }: HandOver,
  take: (event: HandedEvent) => Promise<boolean> | boolean,
  onUnreadable: (places: string) => void = () => undefined,
): Promise<HandOverAnswer> {
  const done: string[] = [];
  for (const event of events) {
    const read = handedEventSchema.safeParse(event);
    if (!read.success) {
      onUnreadable(read.error.issues.map(({ path }) => path.join('.')).join(', '));
      const known = named.safeParse(event);
      if (known.success) done.push(known.data.id);
      continue;
    }
    try {
      if (await take(read.data)) done.push(read.data.id);
    } catch {
      break;
    }
  }
  return { done };
}
