// What signaling and gateway say to each other about rooms. Secrets of tenants never leave the gateway: it checks tokens.
import type {
  Admission,
  IceServer,
  JoinRefusal,
  LeaveReason,
  MuteState,
  ParticipantPermissions,
  RoomFacts,
} from '@millrace/domain';

export const RoomSubject = {
  /** Request, signaling → gateway: may the bearer of this token join? */
  authorizeJoin: 'millrace.ctl.room.authorize',
  /** Request, signaling → gateway: fresh ICE servers for a participant whose credentials run out. */
  issueIceServers: 'millrace.ctl.room.ice',
  /** Request, signaling → gateway: a fresh join token for a participant who is in the room. */
  renewToken: 'millrace.ctl.room.token',
  /** Event, signaling → all that listen: the first participant has joined. */
  roomStarted: 'millrace.ctl.room.started',
  /** Event, signaling → all that listen: the room has been empty for a while, or was ended. */
  roomFinished: 'millrace.ctl.room.finished',
  participantJoined: 'millrace.ctl.room.participant.joined',
  participantLeft: 'millrace.ctl.room.participant.left',
  /** Event, gateway → signaling: the room's facts changed (lock, name, size). */
  roomChanged: 'millrace.ctl.room.changed',
  /** Event, gateway → signaling: remove all participants; no one can join again. */
  roomEnd: 'millrace.ctl.room.end',
  /** Event, gateway → signaling: this participant out. */
  participantRemove: 'millrace.ctl.room.participant.remove',
} as const;

/** What signaling servers hand over, beyond what has a subject of its own. */
export const TrackEvent = {
  published: 'track.published',
  unpublished: 'track.unpublished',
} as const;

export interface AuthorizeJoin {
  /** The join token as the client gave it. */
  readonly token: string;
  readonly signalingId: string;
  readonly clientAddress: string;
}

/** What a join token allows, once the gateway has checked it. */
export interface JoinGrant {
  readonly room: RoomFacts;
  /** The tenant's own name for the participant; undefined for a guest, and any number of guests may join with one token. */
  readonly identity: string | undefined;
  readonly name: string | undefined;
  readonly permissions: ParticipantPermissions;
  readonly limits: RoomLimits;
  /** Undefined: a gateway of an older release checked it. */
  readonly admission?: Admission | undefined;
  /** How often the bans of the room had changed when this was decided. */
  readonly bansVersion?: number | undefined;
}

/** What the tenant may have at once. */
export interface RoomLimits {
  readonly maxRooms: number;
  readonly maxParticipants: number;
}

export type AuthorizeJoinAnswer =
  { readonly granted: true; readonly grant: JoinGrant } | { readonly granted: false; readonly refusal: JoinRefusal };

export interface IssueIceServers {
  readonly tenantId: string;
  /** Stands in the user name: the participant's id, or that of a check. */
  readonly subject: string;
}

export type IssueIceServersAnswer =
  | { readonly granted: true; readonly iceServers: readonly IceServer[]; readonly expiresAtMs: number }
  | { readonly granted: false; readonly refusal: JoinRefusal };

export interface RenewToken {
  readonly tenantId: string;
  readonly roomId: string;
  readonly participantId: string;
  /** How long a participant whose socket dropped may resume: the token outlasts it. */
  readonly resumeWindowMs: number;
}

export type RenewTokenAnswer =
  | { readonly granted: true; readonly token: string; readonly expiresAtMs: number }
  | { readonly granted: false; readonly refusal: JoinRefusal };

export interface RoomStarted {
  readonly tenantId: string;
  readonly roomId: string;
  readonly atMs: number;
}

export interface RoomFinished {
  readonly tenantId: string;
  readonly roomId: string;
  readonly atMs: number;
  readonly reason: 'empty' | 'ended';
}

export interface ParticipantJoined {
  readonly tenantId: string;
  readonly roomId: string;
  readonly participantId: string;
  readonly identity: string | undefined;
  readonly name: string | undefined;
  readonly atMs: number;
}

export interface ParticipantLeft {
  readonly tenantId: string;
  readonly roomId: string;
  readonly participantId: string;
  /** Who it was; servers of older releases leave it out. */
  readonly identity?: string | undefined;
  readonly name?: string | undefined;
  readonly atMs: number;
  readonly reason: LeaveReason;
}

/** As a participant says of itself: of the media between participants no server sees anything. */
export interface TrackChange {
  readonly tenantId: string;
  readonly roomId: string;
  readonly participantId: string;
  readonly kind: keyof MuteState;
  readonly atMs: number;
}

export interface RoomEnd {
  readonly tenantId: string;
  readonly roomId: string;
}

export interface ParticipantRemove extends RoomEnd {
  readonly participantId: string;
  readonly ban?: RoomBan | undefined;
}

/** The identities that a room bans from now on: a join that was allowed before is refused all the same. */
export interface RoomBan {
  /** What is banned, hashed: see `banKeys`. */
  readonly key: string;
  /** `bansVersion` of a join that was allowed knowing of this ban, or of its end, is as high or higher. */
  readonly version: number;
}
