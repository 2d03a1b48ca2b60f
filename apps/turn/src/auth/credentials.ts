// The user names that were asked about: granted ones for a while, refused ones briefly, and requests that wait for an answer.
import { parseRelayUsername } from '@millrace/domain';
import type { TurnClock } from '../clock.ts';
import type { Counters } from '../counters.ts';
import { Credential } from './credential.ts';
import type { RelayAnswer } from './relay-authorizer.ts';

export interface CredentialSettings {
  readonly realm: string;
  /** How long an answer holds; then the gateway is asked again. */
  readonly grantedMs: number;
  readonly refusedMs: number;
  /** How long the answer may take. */
  readonly answerMs: number;
  readonly maxCached: number;
  readonly maxWaiting: number;
}

/** The part of those that may wait which one user name may have: many clients may share one, and others must find room. */
const WAITING_SHARE = 1 / 4;
/** How long a revocation outweighs an answer that was on its way when it came. */
const REVOKED_MS = 60_000;
const MAX_REVOKED = 10_000;

export type Verdict =
  | { readonly state: 'granted'; readonly credential: Credential }
  | { readonly state: 'refused' }
  | { readonly state: 'unavailable' }
  | { readonly state: 'unknown' }
  | { readonly state: 'asked' };

interface Entry {
  credential: Credential | undefined;
  unavailable: boolean;
  /** Until then the answer holds, or the question is open. */
  untilMs: number;
  waiting: (() => void)[] | undefined;
  /** What holds has changed since the question went out: its answer is not believed. */
  askAgain?: boolean;
}

export class Credentials {
  readonly #settings: CredentialSettings;
  readonly #clock: TurnClock;
  readonly #counters: Counters;
  readonly #ask: (username: string) => void;
  /** The oldest answer first. */
  readonly #entries = new Map<string, Entry>();
  readonly #revokedUntilMs = new Map<string, number>();
  #waiting = 0;

  /** @param ask asks the gateway; the answer comes by `answered` */
  constructor(settings: CredentialSettings, clock: TurnClock, counters: Counters, ask: (username: string) => void) {
    this.#settings = settings;
    this.#clock = clock;
    this.#counters = counters;
    this.#ask = ask;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether there is anything that `tick` may end. */
  get hasTimers(): boolean {
    return this.#entries.size + this.#revokedUntilMs.size > 0;
  }

  look(username: string): Verdict {
    const entry = this.#entries.get(username);
    if (!entry) return { state: 'unknown' };
    if (entry.waiting) return { state: 'asked' };
    if (this.#clock.nowMs() >= entry.untilMs) return { state: 'unknown' };
    if (entry.unavailable) return { state: 'unavailable' };
    const { credential } = entry;
    if (!credential || this.#clock.wallMs() >= credential.grant.expiresAtMs) return { state: 'refused' };
    return { state: 'granted', credential };
  }

  /**
   * Calls back once it is known what becomes of this user name, and asks the gateway unless that is done already.
   *
   * @returns whether there was room to wait
   */
  wait(username: string, callback: () => void): boolean {
    const { maxWaiting } = this.#settings;
    const entry = this.#entries.get(username);
    const open = entry?.waiting;
    if (this.#waiting >= maxWaiting || (open && open.length >= Math.ceil(maxWaiting * WAITING_SHARE))) return false;
    this.#count(1);
    if (open) {
      open.push(callback);
      return true;
    }
    this.#question(username, entry, callback);
    this.#counters.add('asked');
    this.#ask(username);
    return true;
  }

  answered(username: string, answer: RelayAnswer): void {
    const entry = this.#entries.get(username);
    if (!entry?.waiting) return;
    if (entry.askAgain === true && answer.granted) {
      entry.askAgain = false;
      this.#ask(username);
      return;
    }
    const { waiting } = entry;
    this.#settle(username, entry, answer);
    this.#count(-waiting.length);
    for (const callback of waiting) callback();
  }

  /** Forgets what a subject was granted, and refuses what was asked about it before. */
  revoke(tenantId: string, subject: string): void {
    for (const [username, entry] of this.#entries) {
      const { tenantId: ofTenant, subject: ofSubject } = entry.credential?.grant ?? {};
      if (ofTenant !== tenantId || ofSubject !== subject) continue;
      entry.credential = undefined;
      if (!entry.waiting) this.#entries.delete(username);
    }
    this.#revokedUntilMs.set(`${tenantId}:${subject}`, this.#clock.nowMs() + REVOKED_MS);
    trim(this.#revokedUntilMs, MAX_REVOKED);
  }

  /** What holds for a tenant's users has changed: none of what was answered about them is believed any more. */
  forget(tenantId: string): void {
    for (const [username, entry] of this.#entries) {
      if (parseRelayUsername(username)?.tenantId !== tenantId) continue;
      entry.credential = undefined;
      if (entry.waiting) entry.askAgain = true;
      else this.#entries.delete(username);
    }
  }

  /** Ends requests without an answer, and forgets what has expired. */
  tick(): void {
    const nowMs = this.#clock.nowMs();
    for (const [username, entry] of this.#entries) {
      if (nowMs < entry.untilMs) continue;
      if (entry.waiting) this.answered(username, { granted: false, refusal: 'unavailable' });
      else if (!entry.credential || this.#clock.wallMs() >= entry.credential.grant.expiresAtMs)
        this.#entries.delete(username);
    }
    for (const [subject, untilMs] of this.#revokedUntilMs) if (nowMs >= untilMs) this.#revokedUntilMs.delete(subject);
  }

  #question(username: string, before: Entry | undefined, callback: () => void): void {
    const untilMs = this.#clock.nowMs() + this.#settings.answerMs;
    // What was granted before is kept in case no gateway answers now.
    this.#put(username, { credential: before?.credential, unavailable: false, untilMs, waiting: [callback] });
  }

  #settle(username: string, entry: Entry, answer: RelayAnswer): void {
    const { realm, grantedMs, refusedMs } = this.#settings;
    const nowMs = this.#clock.nowMs();
    entry.waiting = undefined;
    if (answer.granted && !this.#isRevoked(answer.grant.tenantId, answer.grant.subject)) {
      entry.credential = new Credential(username, realm, answer.grant);
      entry.untilMs = nowMs + grantedMs;
    } else if (!answer.granted && answer.refusal === 'unavailable') {
      // Who was granted may go on while gateways are away, until the credential's own end.
      entry.unavailable = entry.credential === undefined;
      entry.untilMs = nowMs + (entry.unavailable ? refusedMs : grantedMs);
    } else {
      entry.credential = undefined;
      entry.untilMs = nowMs + refusedMs;
    }
    this.#put(username, entry);
  }

  #isRevoked(tenantId: string, subject: string): boolean {
    return this.#clock.nowMs() < (this.#revokedUntilMs.get(`${tenantId}:${subject}`) ?? 0);
  }

  #put(username: string, entry: Entry): void {
    this.#entries.delete(username);
    this.#entries.set(username, entry);
    if (this.#entries.size <= this.#settings.maxCached) return;
    for (const [oldest, { waiting }] of this.#entries) {
      if (waiting) continue;
      this.#entries.delete(oldest);
      return;
    }
  }

  #count(change: number): void {
    this.#waiting += change;
    this.#counters.add('waiting', change);
  }
}

function trim(map: Map<string, unknown>, maximum: number): void {
  if (map.size <= maximum) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}
