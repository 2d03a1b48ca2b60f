// What a room tells its application.
import type { MediaSource } from './media/media-source.ts';
import type { DirectMessage, LeaveReason, Peer, Room } from './messages.ts';
import type { PathState } from './peer/path-recovery.ts';
import type { Ending, SignalingSessionEvents } from './signaling/signaling-session.ts';

export interface ChatMessage {
  /** A participant's id; that of this participant for what it said itself. */
  readonly from: string;
  readonly text: string;
  readonly private: boolean;
  /** ISO 8601. */
  readonly sentAt: string;
}

export interface RoomEvents {
  /** Joined; from the second time on as a new participant, and the others count as new too. */
  joined: Extract<DirectMessage, { type: 'joined' }>;
  /** Back on a new socket as the same participant. */
  resumed: undefined;
  /** The socket is gone; media goes on, and so do the attempts to come back. */
  away: SignalingSessionEvents['away'];
  /** A fresh join token: an application that outlives this page, as after a reload, joins with it. */
  token: SignalingSessionEvents['token'];
  /** Over: left, removed, ended or refused. */
  ended: Ending;
  participant_joined: Peer;
  participant_updated: Peer;
  participant_left: { readonly participant: Peer; readonly reason: LeaveReason };
  room_updated: Room;
  /** A track of another participant. It carries something while `participant.muted` says that the source is not muted. */
  media: { readonly participantId: string; readonly source: MediaSource; readonly track: MediaStreamTrack };
  /** How the way to a participant is doing. */
  path: { readonly participantId: string; readonly state: PathState };
  chat: ChatMessage;
  /** The server refused something, or a description of a peer was bad: worth a line in a log. */
  trouble: { readonly code: string; readonly detail: string };
}
