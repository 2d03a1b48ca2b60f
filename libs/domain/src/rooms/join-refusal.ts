// Why a participant may not join a room. One list for the control plane, the answer on the socket, the metrics and the docs.

/** The code of a refusal and the sentence that goes with it. */
export const JOIN_REFUSALS = {
  bad_token: 'bad token: this join token is malformed, or signed with a key that is not active',
  token_expired: 'token expired: request a new join token',
  token_not_yet_valid: 'token not yet valid: its nbf is in the future; check the clocks',
  room_not_found: 'room not found: this room does not exist',
  room_ended: 'room ended: this room has ended',
  room_locked: 'room locked: no new participants can join',
  banned: 'banned: this participant was removed from the room and cannot return until the ban is lifted',
  room_full: 'room full: this room has reached its maximum number of participants',
  tenant_suspended: 'tenant suspended: contact the operator of this server',
  quota: 'quota: the tenant has reached a limit of this server',
  draining: 'draining: this server is shutting down; connect again',
  unavailable: 'unavailable: the server cannot check the token now; try again',
} as const;
export type JoinRefusal = keyof typeof JOIN_REFUSALS;
