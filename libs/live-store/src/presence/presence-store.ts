// The port that keeps who is in which room, and what waits to be told to each of them.
import type { LeaveReason, ParticipantProfile, RoomFacts, RoomParticipant } from '@millrace/domain';

/**
 * A participant as one socket holds it. Each join and each resume gives a new term; what an older one asks for is not done.
 */
export interface Seat {
  readonly participantId: string;
  readonly term: number;
}

/** What is to be passed on to a participant by the pod that has its socket. The mailbox has it too. */
export interface Delivery {
  readonly participantId: string;
  readonly podId: string;
  readonly sequence: number;
  /** A `RoomNews` as text (room-news.ts). */
  readonly news: string;
}

export interface MailboxEntry {
  readonly sequence: number;
  readonly news: string;
}

/** A participant that has left the room. */
export interface Departure {
  readonly profile: ParticipantProfile;
  /** Which pod has the socket; undefined when none has. */
  readonly podId: string | undefined;
  readonly reason: LeaveReason;
}

export interface JoinRoom {
  readonly profile: ParticipantProfile;
  readonly room: RoomFacts;
  /** What the tenant may have at once. */
  readonly maxRooms: number;
  readonly maxParticipants: number;
  readonly podId: string;
  /** What a resume must show, hashed. */
  readonly resumeKeyHash: string;
  /** A guest's own secret, hashed: who has the same one in this room is replaced. Of no effect beside an identity. */
  readonly rejoinKeyHash?: string | undefined;
  /** The bans that any of would keep it out, and how new what the control plane knew of bans was: see `RoomBanMark`. */
  readonly banKeys?: readonly string[];
  readonly bansVersion?: number | undefined;
}

/** A ban that was made while joins were on their way which the control plane had allowed before. */
export interface RoomBanMark {
  readonly key: string;
  /** Joins that were allowed with a lower `bansVersion` are refused. */
  readonly version: number;
}

export type JoinOutcome =
  | {
      readonly outcome: 'joined';
      readonly seat: Seat;
      /** The room as it is known now: a newer report than the one given may have come before. */
      readonly room: RoomFacts;
      /** The other participants. */
      readonly others: readonly RoomParticipant[];
      /** The first participant: the room was not open before. */
      readonly opened: boolean;
      /** Who had the same identity, or the same secret. */
      readonly replaced: Departure | undefined;
      readonly deliveries: readonly Delivery[];
    }
  | {
      readonly outcome:
        | 'banned'
        | 'room_full'
        | 'room_locked'
        | 'room_ended'
        | 'room_not_found'
        | 'too_many_rooms'
        | 'too_many_participants';
    };

export interface ResumeSeat {
  readonly participantId: string;
  readonly resumeKeyHash: string;
  readonly podId: string;
  /** The last sequence number that has arrived. */
  readonly lastSequence: number;
}

export type ResumeOutcome =
  | {
      readonly outcome: 'resumed';
      readonly seat: Seat;
      readonly participant: RoomParticipant;
      readonly room: RoomFacts;
      readonly others: readonly RoomParticipant[];
      /** What came after `lastSequence`. */
      readonly missed: readonly MailboxEntry[];
      /** Which pod still believed that it had the socket. */
      readonly previousPodId: string | undefined;
      readonly deliveries: readonly Delivery[];
    }
  /** Out of the room, and why. */
  | { readonly outcome: 'gone'; readonly reason: LeaveReason }
  /** No such participant, or not with this key. */
  | { readonly outcome: 'unknown' }
  /** The mailbox does not reach back that far: the participant is out, and has to join again. */
  | {
      readonly outcome: 'too_late';
      readonly departures: readonly Departure[];
      readonly deliveries: readonly Delivery[];
    };

/** What a pod says of a seat that it holds. */
export interface SeatBeat {
  readonly seat: Seat;
  /** Everything up to this sequence number has arrived: the mailbox need not keep it. */
  readonly acknowledged: number;
}

export type BeatAnswer =
  /** The seat is still this one. `lastSequence`: the newest number in the mailbox. */
  | { readonly held: true; readonly lastSequence: number }
  /** `moved`: resumed by another socket. `unknown`: the store has lost it. */
  | { readonly held: false; readonly reason: LeaveReason | 'moved' | 'unknown' };

export interface Renewal {
  readonly answers: readonly BeatAnswer[];
  readonly deliveries: readonly Delivery[];
}

/** What a change of who is in a room brings with it. */
export interface RoomChange {
  readonly departures: readonly Departure[];
  readonly deliveries: readonly Delivery[];
}

export type PostOutcome =
  | { readonly outcome: 'posted'; readonly deliveries: readonly Delivery[] }
  /** No participant of this id is in the sender's room. */
  | { readonly outcome: 'unknown_participant' }
  /** The sender is not, or not with this seat. */
  | { readonly outcome: 'gone' };

/** What time has brought about. */
export interface Sweep extends RoomChange {
  /** Rooms that have been empty for long enough. */
  readonly closed: readonly RoomRef[];
}

export interface RoomRef {
  readonly tenantId: string;
  readonly roomId: string;
}

/** A room that is open: it has participants, or had some not long ago. */
export interface OpenRoom extends RoomRef {
  readonly openedAtMs: number;
  /** How many are in it, those that reconnect included. */
  readonly participants: number;
}

/**
 * Every method is one atomic step. The store's own clock decides. Ids are ids (`isId`), a pod's name is made of `a-z`, `0-9` and
 * `-`; other texts are values and never become part of a key.
 */
export interface PresenceStore {
  /** Takes a place in a room, and opens it when it was empty. Replaces the participant with the same identity or secret. */
  join(request: JoinRoom): Promise<JoinOutcome>;
  /** Goes on with a place, from any pod. */
  resume(request: ResumeSeat): Promise<ResumeOutcome>;
  /** The socket dropped: the place is kept for the resume window. */
  detach(seat: Seat): Promise<readonly Delivery[]>;
  /** Gives the place up. */
  leave(seat: Seat): Promise<RoomChange>;
  /** Puts a participant out when it is in this room. The ban is remembered for a while, whether or not it is. */
  remove(roomId: string, participantId: string, ban?: RoomBanMark): Promise<RoomChange>;
  /** Tells the others what has changed of a participant. */
  update(seat: Seat, profile: ParticipantProfile): Promise<PostOutcome>;
  /** Puts a text into the mailbox of one other participant of the room, or of all others. */
  post(seat: Seat, to: string | undefined, body: string): Promise<PostOutcome>;
  /** Keeps the seats of a pod; also those that had lapsed and were not resumed. */
  renew(podId: string, beats: readonly SeatBeat[]): Promise<Renewal>;
  /** What came after a sequence number, nothing for who is not there; undefined when the mailbox does not reach back that far. */
  read(participantId: string, afterSequence: number): Promise<readonly MailboxEntry[] | undefined>;
  /** Seats whose lease has lapsed reconnect; participants who stayed away are lost; empty rooms close. Any pod may call it. */
  sweep(): Promise<Sweep>;
  /** Whether it is known, without asking, that there is nothing to sweep: before the next place is given. */
  readonly isKnownEmpty: boolean;
  /** Takes over newer facts of an open room, and tells all its participants. */
  changeRoom(room: RoomFacts): Promise<readonly Delivery[]>;
  /** Removes all participants and closes the room; for a while it cannot be joined. `closed` when it was open. */
  endRoom(room: RoomRef): Promise<Sweep>;
  /** Who is in a room now, in the order of joining. */
  participants(roomId: string): Promise<readonly RoomParticipant[]>;
  /** Which of these rooms are open. */
  openRooms(roomIds: readonly string[]): Promise<readonly (OpenRoom | undefined)[]>;
  isReady(): boolean;
  close(): Promise<void>;
}

/** The injection token of the port. */
export const PRESENCE_STORE = Symbol('PresenceStore');
