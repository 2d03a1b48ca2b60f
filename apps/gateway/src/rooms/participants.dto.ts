import { PARTICIPANT_STATES } from '@millrace/domain';
import type { RoomParticipant } from '@millrace/domain';
import { z } from 'zod';
import { idField, timeField, timeText } from '../http/fields.ts';
import { pageOf } from '../http/pages.ts';

export const participantParam = idField('participant');

export const removeQuery = z.strictObject({
  ban: z
    .enum(['true', 'false'])
    .default('true')
    .describe('false: it may join again immediately.')
    .transform((text) => text === 'true'),
});
export type RemoveQuery = z.output<typeof removeQuery>;

const participantAnswer = z
  .strictObject({
    id: participantParam,
    room_id: idField('room'),
    identity: z.string().nullable().describe('Identity from its token; null: a guest.'),
    name: z.string(),
    metadata: z.record(z.string(), z.string()).describe('Application data about this participant.'),
    muted: z
      .strictObject({ audio: z.boolean(), video: z.boolean(), screen: z.boolean() })
      .meta({ id: 'Muted' })
      .describe('true: the participant sends nothing from this source.'),
    permissions: z
      .strictObject({ publish: z.boolean(), chat: z.boolean(), rename: z.boolean() })
      .meta({ id: 'ParticipantPermissions' }),
    state: z.enum(PARTICIPANT_STATES).describe('reconnecting: the socket dropped, but the participant may come back.'),
    joined_at: timeField(),
  })
  .meta({ id: 'Participant' });
export type ParticipantAnswer = z.infer<typeof participantAnswer>;

export const participantPage = pageOf(participantAnswer).meta({ id: 'ParticipantPage' });

export const writeParticipant = (one: RoomParticipant): ParticipantAnswer => ({
  id: one.participantId,
  room_id: one.roomId,
  identity: one.identity ?? null,
  name: one.name,
  metadata: { ...one.metadata },
  muted: { audio: one.muted.audio, video: one.muted.video, screen: one.muted.screen },
  permissions: { publish: one.permissions.publish, chat: one.permissions.chat, rename: one.permissions.rename },
  state: one.state,
  joined_at: timeText(new Date(one.joinedAtMs)),
});
