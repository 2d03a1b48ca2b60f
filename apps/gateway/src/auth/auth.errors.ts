import { ProblemError } from '../http/problem-error.ts';

/** RFC 6750 §3: says how to authenticate; with a key that is no good, also that it is no good. */
const challenge = (invalid: boolean): Record<string, string> => ({
  'www-authenticate': invalid ? 'Bearer realm="millrace", error="invalid_token"' : 'Bearer realm="millrace"',
});

export const missingKey = (): ProblemError =>
  new ProblemError('unauthenticated', 'Send a key: `Authorization: Bearer <key>`.', { headers: challenge(false) });

/** One answer for a mistyped, unknown or deleted key. */
export class WrongKey extends ProblemError {
  constructor(code: 'unauthenticated' | 'key_expired' = 'unauthenticated', detail = 'This key is not valid.') {
    super(code, detail, { headers: challenge(true) });
    this.name = 'WrongKey';
  }
}

export const badKey = (): WrongKey => new WrongKey();

/** Only who has the key learns that it was one. */
export const keyExpired = (at: Date): WrongKey =>
  new WrongKey('key_expired', `This key expired at ${at.toISOString()}.`);

/** One answer for a session that was ended, has expired, or never was. */
export class SessionOver extends ProblemError {
  constructor() {
    super('unauthenticated', 'This console session is over: log in again.', { headers: challenge(false) });
    this.name = 'SessionOver';
  }
}

export const sessionOver = (): SessionOver => new SessionOver();

/** One answer for whatever is wrong with what a log-in gave. */
export const loginFailed = (detail = 'Log-in failed: check what you entered.'): ProblemError =>
  new ProblemError('login_failed', detail, { headers: challenge(false) });

export const csrfTokenInvalid = (): ProblemError =>
  new ProblemError('csrf_token_invalid', 'With a console session, send its `csrf_token` in the header X-CSRF-Token.');

export const addressNotAllowed = (address: string): ProblemError =>
  new ProblemError('address_not_allowed', `This key may not be used from ${address}.`);

export const tenantSuspended = (): ProblemError => new ProblemError('tenant_suspended', 'This tenant is suspended.');
