// What a player is told when it may not watch.
import { STREAM_OFFLINE } from '@millrace/playout';
import type { PlayRefusal } from '@millrace/playout';
import { RtspStatus } from '@millrace/protocol/rtsp';
import type { RtspReply } from '../channel/rtsp-reply.ts';

const CHALLENGE = 'Basic realm="Millrace: the password is a playback token"';

/** Forbidden unless it says something else. */
const STATUS: Readonly<Record<string, RtspStatus>> = {
  not_found: RtspStatus.notFound,
  [STREAM_OFFLINE.code]: RtspStatus.notFound,
  too_many_viewers: RtspStatus.notEnoughBandwidth,
  playback_quota_exceeded: RtspStatus.notEnoughBandwidth,
  unsupported_codec: RtspStatus.notAcceptable,
  dependency_unavailable: RtspStatus.unavailable,
};

/** How a player that was refused can show a token. */
export interface TokenHint {
  readonly hasToken: boolean;
  readonly isTokenExposed: boolean;
  readonly isEncrypted: boolean;
}

export function playRefusalReply({ code, detail }: PlayRefusal, hint: TokenHint): RtspReply {
  if (!code.startsWith('playback_token') || hint.hasToken)
    return { status: STATUS[code] ?? RtspStatus.forbidden, reason: detail };
  if (hint.isEncrypted)
    return { status: RtspStatus.unauthorized, reason: detail, headers: [['WWW-Authenticate', CHALLENGE]] };
  const how = hint.isTokenExposed ? 'a token as password needs RTSPS; append ?token= instead' : 'append ?token=';
  return { status: RtspStatus.forbidden, reason: `${detail} (${how})` };
}
