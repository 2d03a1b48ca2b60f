// Why a simulcast target is not sent the stream: a code for programs, and a sentence for the tenant.
import { MAX_FAULT_LENGTH } from '@millrace/control';
import { withoutSecrets } from '@millrace/protocol/bytes';

export const PUSH_FAULTS = [
  'address_not_allowed',
  'unreachable',
  'timeout',
  'refused',
  'closed',
  'protocol_error',
  'unsupported_codec',
  'stream_encrypted',
  'too_slow',
  'unread',
  'limit_exceeded',
  'unavailable',
] as const;
export type PushFaultCode = (typeof PUSH_FAULTS)[number];

/** What will not change by itself. */
const LASTING: ReadonlySet<PushFaultCode> = new Set(['address_not_allowed', 'unsupported_codec', 'stream_encrypted']);

export class PushFault extends Error {
  override readonly name = 'PushFault';
  readonly code: PushFaultCode;

  constructor(code: PushFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get isLasting(): boolean {
    return LASTING.has(this.code);
  }
}

const lineOf = (text: string): string => text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');

/** What servers may repeat of these: also what is before a query. */
export const repeatable = (secrets: readonly (string | undefined)[]): string[] =>
  secrets.flatMap((secret = '') => [secret, secret.split('?', 1)[0] ?? '']).filter((secret) => secret !== '');

/** Another server's words in one line, without secrets such as the stream key, which some servers repeat. */
export const quoted = (text: string, secrets: readonly (string | undefined)[]): string =>
  withoutSecrets(lineOf(text), repeatable(secrets));

/** What is reported of a fault. Other servers choose parts of it, also by their certificates and the number of their addresses. */
export const reportedText = (message: string): string => lineOf(message).slice(0, MAX_FAULT_LENGTH).toWellFormed();
