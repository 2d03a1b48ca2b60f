// How a client is asked for a password: by Digest, where a gateway has made a challenge, and by Basic, where that is allowed.
import { RtspStatus } from '@millrace/protocol/rtsp';
import type { RtspReply } from './rtsp-reply.ts';

/** What Digest says the password is for. */
export const REALM = 'Millrace';

/**
 * Clients take the strongest challenge that they know, or the last one: those that know MD5 only are not to end with SHA-256.
 *
 * @param nonce of a challenge of a gateway; undefined where there is none
 * @param basic what Basic says the password is; undefined where it would be in the clear
 */
export function passwordReply(nonce: string | undefined, basic: string | undefined, reason?: string): RtspReply {
  const digest = `Digest realm="${REALM}", nonce="${nonce ?? ''}"`;
  const challenges = [
    ...(nonce === undefined ? [] : [`${digest}, algorithm=SHA-256, qop="auth"`, `${digest}, algorithm=MD5`]),
    ...(basic === undefined ? [] : [`Basic realm="${REALM}: the password is a ${basic}"`]),
  ];
  return {
    status: RtspStatus.unauthorized,
    reason,
    headers: challenges.map((value) => ['WWW-Authenticate', value]),
  };
}
