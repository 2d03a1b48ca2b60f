// What an encoder is told when it is refused or cut.
import { PUBLISH_REFUSALS } from '@millrace/domain';
import type { PublishRefusal } from '@millrace/domain';
import { StatusCode } from '@millrace/protocol/rtmp';

/** Why a publish ended, and a session reconnects: its edge went away. */
export const DRAINED = 'drained';

/** Not among ActionScript's codes; encoders act on the level "error" and on codes that they know, and log others at most. */
export const PUBLISH_WARNING = 'NetStream.Publish.Warning';

export interface RefusalStatus {
  readonly code: string;
  /** For the person at the encoder. */
  readonly description: string;
}

/** Not among ActionScript's codes, but what librtmp, and with it OBS, takes for "stop and tell the user". */
const PUBLISH_REJECTED = 'NetStream.Publish.Rejected';

/**
 * Codes that encoders act on: OBS (librtmp) ends the stream for BadName, Denied and Rejected and logs code and description;
 * ffmpeg shows the description of every status of level "error". Denied: this key will not work; BadName: the name is
 * taken; Rejected: not now.
 */
const CODES: Readonly<Record<PublishRefusal, string>> = {
  bad_key: StatusCode.publishDenied,
  key_revoked: StatusCode.publishDenied,
  key_expired: StatusCode.publishDenied,
  rotate_key: StatusCode.publishDenied,
  login_expired: PUBLISH_REJECTED,
  wrong_passphrase: PUBLISH_REJECTED,
  address_not_allowed: StatusCode.publishDenied,
  stream_disabled: StatusCode.publishDenied,
  tenant_suspended: StatusCode.publishDenied,
  not_authorized: StatusCode.publishDenied,
  authorizer_unavailable: PUBLISH_REJECTED,
  already_publishing: StatusCode.publishBadName,
  backup_waiting: StatusCode.publishBadName,
  quota: PUBLISH_REJECTED,
  bitrate_exceeded: PUBLISH_REJECTED,
  unsupported_codec: PUBLISH_REJECTED,
  limit_exceeded: PUBLISH_REJECTED,
  taken_over: PUBLISH_REJECTED,
  ended: PUBLISH_REJECTED,
  draining: PUBLISH_REJECTED,
  unavailable: PUBLISH_REJECTED,
};

/** @param detail replaces the sentence of the refusal; must hold nothing that the peer chose */
export function refusalStatus(refusal: PublishRefusal, detail?: string): RefusalStatus {
  return { code: CODES[refusal], description: detail ?? PUBLISH_REFUSALS[refusal] };
}
