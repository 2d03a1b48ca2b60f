import { ProblemError } from '../http/problem-error.ts';

/** RFC 6750 §3: says how to authenticate; with a key that is no good, also that it is no good. */
const challenge = (invalid: boolean): Record<string, string> => ({
  'www-authenticate': invalid ? 'Bearer realm="millrace", error="invalid_token"' : 'Bearer realm="millrace"',
});

export const missingKey = (): ProblemError =>
  new ProblemError('unauthenticated', 'Send a key: `Authorization: Bearer <key>`.', { headers: challenge(false) });

/** One answer for a mistyped, unknown, deleted or expired key. */
export class WrongKey extends ProblemError {
  constructor() {
    super('unauthenticated', 'This key is not valid.', { headers: challenge(true) });
    this.name = 'WrongKey';
  }
}

export const badKey = (): WrongKey => new WrongKey();

export const addressNotAllowed = (address: string): ProblemError =>
  new ProblemError('address_not_allowed', `This key may not be used from ${address}.`);

export const tenantSuspended = (): ProblemError => new ProblemError('tenant_suspended', 'This tenant is suspended.');
