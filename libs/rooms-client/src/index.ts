export { SIGNALING_VERSION } from './messages.ts';
export type {
  Candidate,
  ClientMessage,
  DirectMessage,
  IceServer,
  LeaveReason,
  Metadata,
  MuteState,
  Participant,
  Peer,
  Room,
  RoomEvent,
  ServerMessage,
} from './messages.ts';
