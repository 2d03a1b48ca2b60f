import { StunErrorCode } from '@millrace/protocol/stun';
import type { Credential } from '../auth/credential.ts';
import type { Allocation } from '../allocation/allocation.ts';
import type { ProvenExchange } from './exchange.ts';

/**
 * The allocation that a request is about: that of its 5-tuple, which only its user may touch (RFC 8656 section 5). A renewed
 * credential of the same subject is the same user.
 *
 * @param allocation another one than that of the 5-tuple, which a ticket has named
 * @returns the error when there is none, or it is another user's
 */
export function ownAllocation(
  { flow, credential, proven, nowMs }: ProvenExchange,
  allocation: Allocation | undefined = flow.allocation,
): Allocation | StunErrorCode {
  if (!allocation || allocation.ended || allocation.expiresAtMs <= nowMs) return StunErrorCode.allocationMismatch;
  if (!isSameUser(allocation.credential, credential)) return StunErrorCode.wrongCredentials;
  allocation.proof = { username: credential.username, key: proven.key };
  return allocation;
}

export const isSameUser = ({ grant: a }: Credential, { grant: b }: Credential): boolean =>
  a.tenantId === b.tenantId && a.subject === b.subject;
