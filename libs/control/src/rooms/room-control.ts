// The typed client that signaling servers and gateways hold to speak of rooms.
import type { RoomFacts } from '@millrace/domain';
import type {
  AuthorizeJoin,
  AuthorizeJoinAnswer,
  IssueIceServers,
  IssueIceServersAnswer,
  ParticipantJoined,
  ParticipantLeft,
  ParticipantRemove,
  RenewToken,
  RenewTokenAnswer,
  RoomEnd,
  RoomFinished,
  RoomStarted,
  TrackChange,
} from './room-messages.ts';

export interface RoomControl {
  /** Asks a gateway what this token allows. Tries again within `timeoutMs`; then the answer is `unavailable`. */
  authorizeJoin(request: AuthorizeJoin, timeoutMs: number): Promise<AuthorizeJoinAnswer>;
  /** Asks a gateway for fresh ICE servers. Tries again within `timeoutMs`; then the answer is `unavailable`. */
  issueIceServers(request: IssueIceServers, timeoutMs: number): Promise<IssueIceServersAnswer>;
  /** Asks a gateway for a fresh join token. Tries again within `timeoutMs`; then the answer is `unavailable`. */
  renewToken(request: RenewToken, timeoutMs: number): Promise<RenewTokenAnswer>;
  roomStarted(event: RoomStarted): void;
  roomFinished(event: RoomFinished): void;
  participantJoined(event: ParticipantJoined): void;
  participantLeft(event: ParticipantLeft): void;
  trackPublished(event: TrackChange): void;
  trackUnpublished(event: TrackChange): void;
  roomChanged(event: RoomFacts): void;
  roomEnd(event: RoomEnd): void;
  participantRemove(event: ParticipantRemove): void;
}

/** The injection token of this client. */
export const ROOM_CONTROL = Symbol('RoomControl');
