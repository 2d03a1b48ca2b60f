// What the store knows, in the words of the protocol.
import type { ParticipantProfile, ParticipantState, RoomFacts, RoomParticipant } from '@millrace/domain';
import { decodeRoomNews } from '@millrace/live-store';
import type { MailboxEntry } from '@millrace/live-store';
import type { ClientMessage, Participant, Peer, Room, RoomEvent } from '@millrace/rooms-client';

type Posting = Extract<ClientMessage, { type: 'offer' | 'answer' | 'candidate' | 'end_of_candidates' | 'chat' }>;
/** What one participant says to another one, as the mailbox holds it. */
export type Posted =
  Extract<RoomEvent, { type: Posting['type'] }> extends infer Event
    ? Event extends unknown
      ? Omit<Event, 'sequence' | 'from'>
      : never
    : never;

export function roomView({ roomId, name, type, maxParticipants, locked }: RoomFacts): Room {
  return { id: roomId, name, type, max_participants: maxParticipants, locked };
}

export function participantView(profile: ParticipantProfile, state: ParticipantState): Participant {
  const { participantId, identity, name, metadata, muted, joinedAtMs } = profile;
  return {
    id: participantId,
    ...(identity !== undefined && { identity }),
    name,
    metadata,
    muted,
    state,
    joined_at: new Date(joinedAtMs).toISOString(),
  };
}

/**
 * Of two peers the one who came later is polite. Ids sort by the time they were made, so both sides are given opposite roles
 * wherever they are connected.
 */
const isPolite = (viewerId: string, peerId: string): boolean => viewerId > peerId;

function peerView(profile: ParticipantProfile, state: ParticipantState, viewerId: string): Peer {
  return { ...participantView(profile, state), polite: isPolite(viewerId, profile.participantId) };
}

export const peersView = (others: readonly RoomParticipant[], viewerId: string): Peer[] =>
  others.map((other) => peerView(other, other.state, viewerId));

/** A mailbox entry as the event that its owner is sent. */
export function eventView({ sequence, news: text }: MailboxEntry, viewerId: string): RoomEvent {
  const news = decodeRoomNews(text);
  switch (news.kind) {
    case 'joined':
      return { type: 'participant_joined', sequence, participant: peerView(news.profile, news.state, viewerId) };
    case 'updated':
      return { type: 'participant_updated', sequence, participant: peerView(news.profile, news.state, viewerId) };
    case 'left':
      return { type: 'participant_left', sequence, participant_id: news.participantId, reason: news.reason };
    case 'room':
      return { type: 'room_updated', sequence, room: roomView(news.room) };
    case 'post':
      return { sequence, from: news.from, ...(JSON.parse(news.body) as Posted) };
  }
}
