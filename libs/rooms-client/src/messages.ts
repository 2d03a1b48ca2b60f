// The messages of the signaling protocol, version 1 (docs/signaling.md): JSON texts on one WebSocket.
// The server checks what it receives against a schema of the same types; a test there holds both together.

export const SIGNALING_VERSION = 1;

/** Camera, microphone and screen as others see them; true: nothing is sent. */
export interface MuteState {
  readonly audio: boolean;
  readonly video: boolean;
  readonly screen: boolean;
}

/** Small facts about a participant that the application chooses. */
export type Metadata = Readonly<Record<string, string>>;

export interface Participant {
  readonly id: string;
  /** The tenant's own name for who this is; guests have none. */
  readonly identity?: string;
  readonly name: string;
  readonly metadata: Metadata;
  readonly muted: MuteState;
  /** `reconnecting`: the socket dropped; it may come back within the resume window. */
  readonly state: 'connected' | 'reconnecting';
  /** ISO 8601. */
  readonly joined_at: string;
}

/** A participant as seen by another one. */
export interface Peer extends Participant {
  /** The receiver's role toward this one in perfect negotiation: who is polite gives way when both offer at once. */
  readonly polite: boolean;
}

/** What the join token allows. */
export interface Permissions {
  readonly publish: boolean;
  readonly chat: boolean;
  /** Choose its own name, when joining and later; else it is that of the token. */
  readonly rename: boolean;
}

export interface Room {
  readonly id: string;
  readonly name: string;
  readonly type: 'one_to_one' | 'group';
  readonly max_participants: number;
  readonly locked: boolean;
}

/** As `RTCPeerConnection` takes it. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** What `RTCIceCandidate.toJSON()` gives. */
export interface Candidate {
  readonly candidate: string;
  readonly sdpMid?: string | null;
  readonly sdpMLineIndex?: number | null;
  readonly usernameFragment?: string | null;
}

/** Any message may carry `id`, a text of at most 64 characters; the answer or error then carries it as `reply_to`. */
interface Numbered {
  readonly id?: string;
}

export type ClientMessage = Numbered &
  (
    | {
        readonly type: 'join';
        readonly version: number;
        readonly token: string;
        /** A guest's own secret of 22 to 128 characters: a later join with the same one takes the place of this one. */
        readonly rejoin_secret?: string;
        readonly name?: string;
        readonly metadata?: Metadata;
        readonly muted?: MuteState;
      }
    | {
        readonly type: 'resume';
        readonly version: number;
        readonly resume_token: string;
        readonly last_sequence: number;
      }
    /** Asks for ICE servers without entering the room: for the page that tests the network. */
    | { readonly type: 'probe'; readonly version: number; readonly token: string }
    | { readonly type: 'offer' | 'answer'; readonly to: string; readonly sdp: string }
    /** `null` says what `end_of_candidates` says. */
    | { readonly type: 'candidate'; readonly to: string; readonly candidate: Candidate | null }
    | { readonly type: 'end_of_candidates'; readonly to: string }
    | { readonly type: 'update'; readonly name?: string; readonly metadata?: Metadata; readonly muted?: MuteState }
    /** To all participants of the room, or to one. */
    | { readonly type: 'chat'; readonly text: string; readonly to?: string }
    | { readonly type: 'ice_servers' }
    | { readonly type: 'leave' }
    /** `last_sequence`: every event up to this number has arrived, the server need not keep it for a resume. */
    | { readonly type: 'ping'; readonly last_sequence?: number }
  );

/** Sent in order and numbered from 1 for each participant, so that a resume can go on after the last one received. */
interface Sequenced {
  readonly sequence: number;
}

export type RoomEvent = Sequenced &
  (
    | { readonly type: 'participant_joined' | 'participant_updated'; readonly participant: Peer }
    | { readonly type: 'participant_left'; readonly participant_id: string; readonly reason: LeaveReason }
    | { readonly type: 'room_updated'; readonly room: Room }
    | { readonly type: 'offer' | 'answer'; readonly from: string; readonly sdp: string }
    | { readonly type: 'candidate'; readonly from: string; readonly candidate: Candidate }
    | { readonly type: 'end_of_candidates'; readonly from: string }
    | {
        readonly type: 'chat';
        readonly from: string;
        readonly text: string;
        readonly private: boolean;
        readonly sent_at: string;
      }
  );

export type LeaveReason = 'left' | 'lost' | 'removed' | 'replaced' | 'room_ended';

interface Answer {
  readonly reply_to?: string;
}

export type DirectMessage = Answer &
  (
    | {
        readonly type: 'joined';
        readonly version: number;
        readonly participant: Participant;
        readonly participants: readonly Peer[];
        readonly room: Room;
        readonly permissions: Permissions;
        /** May be empty, and expired at once, when none could be issued now: ask again with `ice_servers`. */
        readonly ice_servers: readonly IceServer[];
        readonly ice_expires_at: string;
        readonly resume_token: string;
        readonly resume_window_ms: number;
        /** A client that has sent nothing for this long sends a ping; twice this long in silence, and the server hangs up. */
        readonly ping_interval_ms: number;
      }
    /** All participants who are there now; events that were missed follow. */
    | {
        readonly type: 'resumed';
        readonly participant: Participant;
        readonly participants: readonly Peer[];
        readonly room: Room;
      }
    | {
        readonly type: 'ice_servers' | 'probed';
        readonly ice_servers: readonly IceServer[];
        readonly ice_expires_at: string;
      }
    /** Fresh, to join again with: it says what the first one said, and outlasts the resume window. */
    | { readonly type: 'token'; readonly token: string; readonly expires_at: string }
    | { readonly type: 'pong' }
    /** An offer, answer, candidate, end of candidates, update or chat that carried an `id` is on its way. */
    | { readonly type: 'accepted' }
    /** The participant is out of the room for good; the socket closes. */
    | { readonly type: 'left'; readonly reason: LeaveReason }
    /** This server goes away: connect again and resume; the same name leads to another one. */
    | { readonly type: 'go_away'; readonly reason: 'draining' }
    | { readonly type: 'error'; readonly code: string; readonly detail: string }
  );

export type ServerMessage = RoomEvent | DirectMessage;
