// How fast passwords may be guessed: by address, and by account. A stranger who guesses at an account must not lock out its
// owner, so a browser that has logged in to it before has a share of its own (device cookies).
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { peerNetwork } from '@millrace/service-kit';
import type { KeyHasher } from '../auth/key-hasher.ts';
import { ProblemError } from '../http/problem-error.ts';
import { RateLimiter } from '../server/rate-limiter.ts';

const S_PER_MINUTE = 60;
const NONCE_BYTES = 12;

export interface LoginRateSettings {
  readonly loginsPerMinutePerAddress: number;
  readonly loginsPerMinutePerAccount: number;
}

export class LoginRates {
  readonly #byAddress: RateLimiter;
  readonly #byAccount: RateLimiter;
  readonly #hasher: KeyHasher;

  constructor(settings: LoginRateSettings, hasher: KeyHasher, nowMs?: () => number) {
    this.#hasher = hasher;
    this.#byAddress = new RateLimiter(perMinute('log-ins', settings.loginsPerMinutePerAddress), nowMs);
    this.#byAccount = new RateLimiter(perMinute('account', settings.loginsPerMinutePerAccount), nowMs);
  }

  /**
   * Counts an attempt before anything is looked at: also for an account that does not exist, so that nothing is told by it.
   *
   * @param device what the browser has from its last log-in, if it says so
   * @throws ProblemError
   */
  count(address: string, email: string, device: string | undefined): void {
    this.countAddress(address);
    const known = device !== undefined && this.#isDeviceOf(device, email);
    const byAccount = this.#byAccount.take(known ? `device ${device}` : `account ${email}`);
    if (!byAccount.allowed) throw tooMany('for this account', byAccount.waitS);
  }

  /** Counts an attempt that names no account. @throws ProblemError */
  countAddress(address: string): void {
    const byAddress = this.#byAddress.take(peerNetwork(address));
    if (!byAddress.allowed) throw tooMany('from this address', byAddress.waitS);
  }

  /** Counts what a user who is logged in proves again. Strangers have no part in it. @throws ProblemError */
  countOwn(userId: string): void {
    const state = this.#byAccount.take(`user ${userId}`);
    if (!state.allowed) throw tooMany('for this account', state.waitS);
  }

  /** What a browser keeps once it has logged in. */
  newDevice(email: string): string {
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    return `${nonce}.${this.#macOf(nonce, email)}`;
  }

  #isDeviceOf(device: string, email: string): boolean {
    const [nonce = '', mac = ''] = device.split('.');
    const [given, right] = [Buffer.from(mac), Buffer.from(this.#macOf(nonce, email))];
    return given.length === right.length && timingSafeEqual(given, right);
  }

  #macOf(nonce: string, email: string): string {
    return this.#hasher.hash(`device ${nonce} ${email}`).toString('base64url');
  }
}

const perMinute = (name: string, burst: number) => ({ name, perSecond: burst / S_PER_MINUTE, burst });

const tooMany = (what: string, waitS: number): ProblemError =>
  new ProblemError('too_many_requests', `Too many log-ins ${what}.`, {
    headers: { 'retry-after': String(Math.max(1, waitS)) },
  });
