// Limits of rooms and tokens that the code fixes: no use for another value is known.
import {
  MAX_IDENTITY_LENGTH,
  MAX_JOIN_TOKEN_LENGTH,
  MAX_PARTICIPANT_NAME_LENGTH,
  MAX_ROOM_NAME_LENGTH,
  MAX_TOKEN_ID_LENGTH,
} from '@millrace/control';

export const ROOM_CODE_LIMITS = {
  maxTokenLength: MAX_JOIN_TOKEN_LENGTH,
  maxIdentityLength: MAX_IDENTITY_LENGTH,
  maxParticipantNameLength: MAX_PARTICIPANT_NAME_LENGTH,
  maxRoomNameLength: MAX_ROOM_NAME_LENGTH,
  maxTokenIdLength: MAX_TOKEN_ID_LENGTH,
  clockToleranceMs: 10_000,
  keptEndedRooms: 10_000,
  keptRevokedKeys: 100,
  freshTokenSpareMs: 5 * 60_000,
} as const;
