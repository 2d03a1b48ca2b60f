// Notes as bytes. What comes from the bus is checked before it has any effect.
import { IdPrefix, LEAVE_REASONS } from '@millrace/domain';
import { z } from 'zod';
import { count, id } from '../schema-fields.ts';
import type { RoomNote } from './room-bus.ts';

const participantId = id(IdPrefix.participant);

const roomNoteSchema: z.ZodType<RoomNote> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('news'),
    news: z.array(z.string()),
    deliveries: z.array(z.object({ participantId, sequence: count, news: count })),
  }),
  z
    .object({
      kind: z.literal('out'),
      participantId,
      reason: z.enum([...LEAVE_REASONS, 'moved']),
      term: count.optional(),
    })
    .transform((note) => ({ ...note, term: note.term })),
]);

export function encodeRoomNote(note: RoomNote): string {
  return JSON.stringify(note);
}

/** @throws when the text is no note */
export function decodeRoomNote(text: string): RoomNote {
  return roomNoteSchema.parse(JSON.parse(text));
}

const POD_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** @throws TypeError when a text cannot be the name of a pod, and with it part of a subject */
export function assertPodId(text: string): void {
  if (!POD_ID.test(text)) throw new TypeError('room bus: not the name of a pod');
}
