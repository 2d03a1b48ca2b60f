// What a player is told when it may not watch.
import { STREAM_OFFLINE } from '@millrace/playout';
import type { PlayRefusal } from '@millrace/playout';
import { RtspStatus } from '@millrace/protocol/rtsp';
import { passwordReply } from '../channel/login-challenge.ts';
import type { RtspReply } from '../channel/rtsp-reply.ts';

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
  /** Of a challenge for it; undefined where there is none. */
  readonly nonce?: string | undefined;
  readonly isTokenExposed: boolean;
  readonly isEncrypted: boolean;
}

/** Whether a token is what a player lacks. */
export const asksForToken = (code: string): boolean => code.startsWith('playback_token');

export function playRefusalReply({ code, detail }: PlayRefusal, hint: TokenHint): RtspReply {
  if (!asksForToken(code) || hint.hasToken) return { status: STATUS[code] ?? RtspStatus.forbidden, reason: detail };
  if (hint.isEncrypted) return passwordReply(hint.nonce, 'playback token', detail);
  const how = hint.isTokenExposed ? 'a token as password needs RTSPS; append ?token= instead' : 'append ?token=';
  const reason = `${detail} (${how})`;
  // Basic would show the token to everyone on the way.
  return hint.nonce === undefined
    ? { status: RtspStatus.forbidden, reason }
    : passwordReply(hint.nonce, undefined, reason);
}
