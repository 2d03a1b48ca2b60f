// The scripts of presence as commands of the client.
import {
  CHANGE_ROOM_SCRIPT,
  END_ROOM_SCRIPT,
  OPEN_ROOMS_SCRIPT,
  PARTICIPANTS_SCRIPT,
  POST_SCRIPT,
  READ_MAILBOX_SCRIPT,
  SWEEP_SCRIPT,
  UPDATE_SCRIPT,
} from './room-scripts.ts';
import {
  DETACH_SCRIPT,
  JOIN_SCRIPT,
  LEAVE_SCRIPT,
  REMOVE_SCRIPT,
  RENEW_SCRIPT,
  RESUME_SCRIPT,
} from './seat-scripts.ts';

export const PRESENCE_SCRIPTS = {
  millraceJoin: JOIN_SCRIPT,
  millraceResume: RESUME_SCRIPT,
  millraceDetach: DETACH_SCRIPT,
  millraceLeave: LEAVE_SCRIPT,
  millraceRemove: REMOVE_SCRIPT,
  millraceRenewSeats: RENEW_SCRIPT,
  millraceUpdate: UPDATE_SCRIPT,
  millracePost: POST_SCRIPT,
  millraceReadMailbox: READ_MAILBOX_SCRIPT,
  millraceSweep: SWEEP_SCRIPT,
  millraceChangeRoom: CHANGE_ROOM_SCRIPT,
  millraceEndRoom: END_ROOM_SCRIPT,
  millraceParticipants: PARTICIPANTS_SCRIPT,
  millraceOpenRooms: OPEN_ROOMS_SCRIPT,
} as const;
