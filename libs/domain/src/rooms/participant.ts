// Who is in a room, as every service knows it.
import type { ParticipantPermissions } from './room.ts';

/** Camera, microphone and screen; true: nothing is sent. */
export interface MuteState {
  readonly audio: boolean;
  readonly video: boolean;
  readonly screen: boolean;
}

/** Of the join token by which a participant came in: what a fresh token takes over, and what a ban names. */
export interface Admission {
  /** The token's `jti`, or one that was made of the token itself. */
  readonly tokenId: string;
  readonly signingKeyId: string;
  /** The name that the token gives. */
  readonly name: string | undefined;
  readonly expiresAtMs: number;
}

/** What is known of a participant. Name, metadata and mute state are what the participant says of itself. */
export interface ParticipantProfile {
  readonly participantId: string;
  readonly tenantId: string;
  readonly roomId: string;
  /** The tenant's own name for who this is; undefined for a guest. At most one participant of a room has it. */
  readonly identity: string | undefined;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly muted: MuteState;
  readonly permissions: ParticipantPermissions;
  readonly joinedAtMs: number;
  /** Undefined: a server of an older release let it in. */
  readonly admission?: Admission | undefined;
}

/** `reconnecting`: the socket dropped; within the resume window it may come back. */
export const PARTICIPANT_STATES = ['connected', 'reconnecting'] as const;
export type ParticipantState = (typeof PARTICIPANT_STATES)[number];

export interface RoomParticipant extends ParticipantProfile {
  readonly state: ParticipantState;
}

/** Why a participant is gone. `replaced`: the same identity joined again. `lost`: disconnected and not resumed in time. */
export const LEAVE_REASONS = ['left', 'lost', 'removed', 'replaced', 'room_ended'] as const;
export type LeaveReason = (typeof LEAVE_REASONS)[number];
