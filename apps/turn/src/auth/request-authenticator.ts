// RFC 8489 section 9.2.4: who sends this request?
import { parseRelayUsername } from '@millrace/domain';
import {
  integrityAlgorithm,
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithmNumber,
  PasswordAlgorithms,
  Realm,
  StunErrorCode,
  Userhash,
  Username,
} from '@millrace/protocol/stun';
import type { PasswordHash, StunMessage, TransportAddress } from '@millrace/protocol/stun';
import type { TurnClock } from '../clock.ts';
import type { AuthFailure, Counters } from '../counters.ts';
import type { Credential, ProvenKey } from './credential.ts';
import type { Credentials } from './credentials.ts';
import type { Nonces } from './nonce.ts';

const NO_PARAMETERS = new Uint8Array(0);
/** Both algorithms of RFC 8489 section 18.5.1, the better one first. */
export const OFFERED_ALGORITHMS = [
  { number: PasswordAlgorithmNumber.sha256, parameters: NO_PARAMETERS },
  { number: PasswordAlgorithmNumber.md5, parameters: NO_PARAMETERS },
] as const;

/** A request, and where it came from. */
export interface ReceivedRequest {
  readonly flow: { readonly remote: TransportAddress };
  readonly request: StunMessage;
  readonly nowMs: number;
}

export type Authentication =
  | { readonly state: 'proven'; readonly credential: Credential; readonly proven: ProvenKey }
  /** With `provesAddress` it comes from where it says, though not from a user. */
  | { readonly state: 'refused'; readonly code: StunErrorCode; readonly provesAddress: boolean }
  /** Nothing is known of the user name, or an answer is on its way: look again once `Credentials` calls back. */
  | { readonly state: 'unknown'; readonly username: string; readonly isAsked: boolean };

const refused = (code: StunErrorCode, provesAddress = false): Authentication => ({
  state: 'refused',
  code,
  provesAddress,
});

export class RequestAuthenticator {
  readonly #realm: string;
  readonly #nonces: Nonces;
  readonly #credentials: Credentials;
  readonly #clock: TurnClock;
  readonly #counters: Counters;

  constructor(realm: string, nonces: Nonces, credentials: Credentials, clock: TurnClock, counters: Counters) {
    this.#realm = realm;
    this.#nonces = nonces;
    this.#credentials = credentials;
    this.#clock = clock;
    this.#counters = counters;
  }

  /** In the order of section 9.2.4, save that a stale nonce is said before anything is asked about the user. */
  check({ flow, request, nowMs }: ReceivedRequest): Authentication {
    const integrity = integrityAlgorithm(request);
    if (integrity === undefined) return refused(StunErrorCode.unauthenticated);
    const username = request.get(Username);
    const realm = request.get(Realm);
    const nonce = request.raw(Nonce.type);
    // USERHASH is not offered: user names that expire cannot be known before they are used.
    if (username === undefined && request.has(Userhash)) return refused(StunErrorCode.unauthenticated);
    if (username === undefined || realm === undefined || nonce === undefined) return refused(StunErrorCode.badRequest);

    const { address, port } = flow.remote;
    const verdict = this.#nonces.check(nonce, address, port, nowMs);
    if (!verdict.valid) return refused(StunErrorCode.staleNonce, verdict.provesAddress);
    const hash = verdict.offersAlgorithms ? chosenAlgorithm(request) : 'md5';
    if (hash === undefined) return refused(StunErrorCode.badRequest, true);

    if (realm !== this.#realm || !this.#isInForce(username)) return this.#failed('expired');
    const known = this.#credentials.look(username);
    if (known.state === 'unavailable') return this.#failed('unavailable', StunErrorCode.serverError);
    if (known.state === 'refused') return this.#failed('refused');
    if (known.state !== 'granted') return { state: 'unknown', username, isAsked: known.state === 'asked' };
    const proven = known.credential.prove(request, hash, integrity);
    if (!proven) return this.#failed('wrong_password');
    return { state: 'proven', credential: known.credential, proven };
  }

  #failed(reason: AuthFailure, code: StunErrorCode = StunErrorCode.unauthenticated): Authentication {
    this.#counters.authFailed(reason);
    return refused(code, true);
  }

  /** The expiry time is part of the name itself: an expired credential needs no lookup. */
  #isInForce(username: string): boolean {
    const parsed = parseRelayUsername(username);
    return parsed !== undefined && parsed.expiresAtS * 1000 > this.#clock.wallMs();
  }
}

/** Section 9.2.4: a request names one of our algorithms together with our whole list, or names neither and means MD5. */
function chosenAlgorithm(request: StunMessage): PasswordHash | undefined {
  const chosen = request.get(PasswordAlgorithm);
  const list = request.get(PasswordAlgorithms);
  if (chosen === undefined && list === undefined) return 'md5';
  if (chosen === undefined || list === undefined) return undefined;
  const isOurs =
    list.length === OFFERED_ALGORITHMS.length &&
    list.every(({ number, parameters }, i) => number === OFFERED_ALGORITHMS[i]?.number && parameters.length === 0);
  if (!isOurs || chosen.parameters.length > 0) return undefined;
  if (chosen.number === PasswordAlgorithmNumber.sha256) return 'sha256';
  return chosen.number === PasswordAlgorithmNumber.md5 ? 'md5' : undefined;
}
