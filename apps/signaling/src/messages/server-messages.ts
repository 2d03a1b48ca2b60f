// The schema of what this server sends: what the AsyncAPI document is made of, and what tests hold every message against.
import { LEAVE_REASONS, PARTICIPANT_STATES, ROOM_TYPES } from '@millrace/domain';
import type { ServerMessage } from '@millrace/rooms-client';
import { z } from 'zod';
import { passedCandidate as candidate } from './client-messages.ts';

const reply = { reply_to: z.string().exactOptional() };
const sequenced = { sequence: z.int().min(1) };
const muted = z.object({ audio: z.boolean(), video: z.boolean(), screen: z.boolean() });
const time = z.string();

const participantShape = {
  id: z.string(),
  identity: z.string().exactOptional(),
  name: z.string(),
  metadata: z.record(z.string(), z.string()),
  muted,
  state: z.enum(PARTICIPANT_STATES),
  joined_at: time,
};
const participant = z.object(participantShape);
const peer = z.object({ ...participantShape, polite: z.boolean() });
const room = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(ROOM_TYPES),
  max_participants: z.int(),
  locked: z.boolean(),
});
const reason = z.enum(LEAVE_REASONS);
const ice = {
  ice_servers: z.array(
    z.object({
      urls: z.array(z.string()),
      username: z.string().exactOptional(),
      credential: z.string().exactOptional(),
    }),
  ),
  ice_expires_at: time,
};
const from = { from: z.string() };

const literal = <T extends string>(type: T) => ({ type: z.literal(type) });

export const serverMessages = {
  joined: z.object({
    ...literal('joined'),
    ...reply,
    version: z.int(),
    participant,
    participants: z.array(peer),
    room,
    permissions: z.object({ publish: z.boolean(), chat: z.boolean(), rename: z.boolean() }),
    ...ice,
    resume_token: z.string(),
    resume_window_ms: z.int(),
    ping_interval_ms: z.int(),
  }),
  resumed: z.object({ ...literal('resumed'), ...reply, participant, participants: z.array(peer), room }),
  ice_servers: z.object({ ...literal('ice_servers'), ...reply, ...ice }),
  probed: z.object({ ...literal('probed'), ...reply, ...ice }),
  token: z.object({ ...literal('token'), ...reply, token: z.string(), expires_at: time }),
  pong: z.object({ ...literal('pong'), ...reply }),
  accepted: z.object({ ...literal('accepted'), ...reply }),
  left: z.object({ ...literal('left'), ...reply, reason }),
  go_away: z.object({ ...literal('go_away'), ...reply, reason: z.literal('draining') }),
  error: z.object({ ...literal('error'), ...reply, code: z.string(), detail: z.string() }),
  participant_joined: z.object({ ...literal('participant_joined'), ...sequenced, participant: peer }),
  participant_updated: z.object({ ...literal('participant_updated'), ...sequenced, participant: peer }),
  participant_left: z.object({ ...literal('participant_left'), ...sequenced, participant_id: z.string(), reason }),
  room_updated: z.object({ ...literal('room_updated'), ...sequenced, room }),
  offer: z.object({ ...literal('offer'), ...sequenced, ...from, sdp: z.string() }),
  answer: z.object({ ...literal('answer'), ...sequenced, ...from, sdp: z.string() }),
  candidate: z.object({ ...literal('candidate'), ...sequenced, ...from, candidate }),
  end_of_candidates: z.object({ ...literal('end_of_candidates'), ...sequenced, ...from }),
  chat: z.object({
    ...literal('chat'),
    ...sequenced,
    ...from,
    text: z.string(),
    private: z.boolean(),
    sent_at: time,
  }),
} satisfies Record<ServerMessage['type'], z.ZodType>;
