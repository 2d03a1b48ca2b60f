// What an encoder is told when it may not publish: a number, which libsrt shows as words.
import type { PublishRefusal } from '@millrace/domain';
import { SrtRejection } from '@millrace/protocol/srt';

/** Why a publish ended, and a session reconnects: its edge went away. */
export const DRAINED = 'drained';

/** The key cannot be told from none; the others: not this stream, or not now. */
const REASONS: Partial<Record<PublishRefusal, SrtRejection>> = {
  bad_key: SrtRejection.unauthorized,
  key_revoked: SrtRejection.unauthorized,
  key_expired: SrtRejection.unauthorized,
  wrong_passphrase: SrtRejection.badSecret,
  already_publishing: SrtRejection.conflict,
  backup_waiting: SrtRejection.conflict,
  quota: SrtRejection.overload,
  limit_exceeded: SrtRejection.overload,
  stream_disabled: SrtRejection.locked,
  draining: SrtRejection.down,
  unavailable: SrtRejection.down,
  authorizer_unavailable: SrtRejection.down,
};

/** @param hasPassphrase whether the caller has any: one that has none is told that it needs one */
export function reasonOf(refusal: PublishRefusal, hasPassphrase: boolean): SrtRejection {
  if (refusal === 'wrong_passphrase' && !hasPassphrase) return SrtRejection.unsecure;
  return REASONS[refusal] ?? SrtRejection.forbidden;
}
