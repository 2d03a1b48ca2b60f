// What keeps a relay from strangers, and the machines around it from its users, removed piece by piece.
import type { Mutant } from '../mutant.ts';

const NONCE = 'apps/turn/src/auth/nonce.ts';
const AUTHENTICATOR = 'apps/turn/src/auth/request-authenticator.ts';
const CREDENTIALS = 'apps/turn/src/auth/credentials.ts';
const POLICY = 'apps/turn/src/peers/peer-policy.ts';

const NONCE_SPECS = ['apps/turn/src/auth/nonce.spec.ts'];
const AUTHENTICATION_SPECS = ['apps/turn/src/auth/authentication.spec.ts'];
const POLICY_SPECS = ['apps/turn/src/peers/peer-policy.spec.ts'];

export const TURN_MUTANTS: readonly Mutant[] = [
  {
    name: 'turn-nonce-never-ends',
    file: NONCE,
    find: ' && ageS < this.#lifetimeS',
    replace: '',
    specs: NONCE_SPECS,
  },
  {
    name: 'turn-nonce-from-the-future',
    file: NONCE,
    find: 'ageS >= 0 && ',
    replace: '',
    specs: NONCE_SPECS,
  },
  {
    name: 'turn-nonce-of-another-address',
    file: NONCE,
    find: '} ${port} ${address}`',
    replace: '} ${port}`',
    specs: NONCE_SPECS,
  },
  {
    name: 'turn-nonce-of-another-server',
    file: NONCE,
    find: '    if (!timingSafeEqual(body.subarray(TIME_BYTES), this.#mac(time, address, port, short))) return STALE;\n',
    replace: '',
    specs: NONCE_SPECS,
  },
  {
    name: 'turn-stale-nonce-is-taken',
    file: AUTHENTICATOR,
    find: '    if (!verdict.valid) return refused(StunErrorCode.staleNonce, verdict.provesAddress);\n',
    replace: '',
    specs: AUTHENTICATION_SPECS,
  },
  {
    name: 'turn-password-is-not-checked',
    file: AUTHENTICATOR,
    find: "if (!proven) return this.#failed('wrong_password');",
    replace: "if (!proven) return { state: 'proven', credential: known.credential, proven: { hash } };",
    specs: AUTHENTICATION_SPECS,
  },
  {
    name: 'turn-expired-user-name-is-asked-about',
    file: AUTHENTICATOR,
    find: ' || !this.#isInForce(username)',
    replace: '',
    specs: AUTHENTICATION_SPECS,
  },
  {
    name: 'turn-algorithms-may-be-taken-out',
    file: AUTHENTICATOR,
    find: '  if (!isOurs || chosen.parameters.length > 0) return undefined;\n',
    replace: '',
    specs: AUTHENTICATION_SPECS,
  },
  {
    name: 'turn-credential-outlives-its-revocation',
    file: CREDENTIALS,
    find: 'answer.granted && !this.#isRevoked(answer.grant.tenantId, answer.grant.subject)',
    replace: 'answer.granted',
    specs: AUTHENTICATION_SPECS,
  },
  {
    name: 'turn-waiting-requests-unlimited',
    file: CREDENTIALS,
    find: 'this.#waiting >= maxWaiting || ',
    replace: '',
    specs: AUTHENTICATION_SPECS,
  },
  {
    name: 'turn-peer-in-another-spelling',
    file: POLICY,
    find: '      if (inner !== undefined) return inner;\n',
    replace: '',
    specs: POLICY_SPECS,
  },
  {
    name: 'turn-peer-that-the-operator-closed',
    file: POLICY,
    find: "    if (this.#isClosed(address)) return 'operator';\n",
    replace: '',
    specs: POLICY_SPECS,
  },
  {
    name: 'turn-metadata-service-opened-by-a-range',
    file: POLICY,
    find: 'range.bits === address.length * 8 && ',
    replace: '',
    specs: POLICY_SPECS,
  },
  {
    name: 'turn-own-ports-are-reached',
    file: POLICY,
    find: '    if (ownPorts.includes(port)) return true;\n',
    replace: '',
    specs: POLICY_SPECS,
  },
];
