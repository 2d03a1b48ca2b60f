// Every code of an `error` message, beside the refusals of a join (JOIN_REFUSALS): one list for the socket, the metrics and
// the docs.
import { JOIN_REFUSALS } from '@millrace/domain';
import type { JoinRefusal } from '@millrace/domain';

export const PROTOCOL_ERRORS = {
  bad_message: 'bad message: not a JSON object of this protocol',
  unknown_type: 'unknown type: this server does not support this message',
  unsupported_version: 'unsupported version: this server supports version 1',
  binary_message: 'binary message: send JSON as text',
  message_too_large: 'message too large: see the limits of this server',
  too_many_errors: 'too many errors: this socket has sent too many invalid messages',
  rate_limited: 'rate limited: too many messages; wait, then resume',
  timeout: 'timeout: this socket neither joined nor resumed in time',
  not_joined: 'not joined: join or resume first',
  already_joined: 'already joined: a socket serves one participant',
  resume_unknown: 'resume unknown: no such participant, or it has left; join again',
  resume_too_late: 'resume too late: more messages were missed than are kept; join again',
  unknown_participant: 'unknown participant: no participant with this id is in the room',
  not_permitted: 'not permitted: the join token does not allow this',
  bad_sdp: 'bad SDP: not a session description, or one that exceeds the limits of this server',
  bad_candidate: 'bad candidate: not an ICE candidate',
  too_many_candidates: 'too many candidates: send an offer or an answer first',
  slow_reader: 'slow reader: too much data is waiting for this client',
} as const;
export type ProtocolErrorCode = keyof typeof PROTOCOL_ERRORS;

export type SignalingErrorCode = ProtocolErrorCode | JoinRefusal;

/** The sentence of a code. */
function sentenceOf(code: SignalingErrorCode): string {
  return code in PROTOCOL_ERRORS ? PROTOCOL_ERRORS[code as ProtocolErrorCode] : JOIN_REFUSALS[code as JoinRefusal];
}

/** Something that a client asked for and does not get. */
export class SignalingError extends Error {
  override readonly name = 'SignalingError';

  /** @param detail for people, beyond the sentence of the code; holds nothing secret and nothing of a peer's choice */
  constructor(
    readonly code: SignalingErrorCode,
    detail?: string,
  ) {
    super(detail === undefined ? sentenceOf(code) : `${sentenceOf(code)} (${detail})`);
  }
}

/** Why the server closes a socket: RFC 6455 section 7.4.1. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  unsupportedData: 1003,
  policy: 1008,
  tooBig: 1009,
  restart: 1012,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];
