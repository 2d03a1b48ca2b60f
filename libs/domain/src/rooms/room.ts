// A room as every service knows it: plain facts, without who is in it.

/** How many may talk, and how: both kinds are a mesh of peer connections. */
export const ROOM_TYPES = ['one_to_one', 'group'] as const;
export type RoomType = (typeof ROOM_TYPES)[number];

/** A one-to-one room always holds two. */
export const ONE_TO_ONE_PARTICIPANTS = 2;

/** What the control plane says of a room to who runs it. */
export interface RoomFacts {
  readonly tenantId: string;
  readonly roomId: string;
  readonly name: string;
  readonly type: RoomType;
  readonly maxParticipants: number;
  /** No new participants can join; those already in the room stay, and may resume. */
  readonly locked: boolean;
  /**
   * Grows with each change, so that of two reports the newer one is known: the time of the last change in milliseconds since
   * 1970 will do.
   */
  readonly version: number;
}

/** What a participant may do; a join token says so. */
export interface ParticipantPermissions {
  /** Send camera, microphone or screen. Without it a participant only receives. */
  readonly publish: boolean;
  readonly chat: boolean;
  /** Choose what the others see as its name, when joining and later. Without it the name is that of the token. */
  readonly rename: boolean;
}

export const ALL_PERMISSIONS: ParticipantPermissions = { publish: true, chat: true, rename: true };

/** One entry of `iceServers`, exactly as `RTCPeerConnection` takes it. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}
