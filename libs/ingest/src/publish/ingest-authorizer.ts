// Decides whether an encoder may publish, and to which stream: checks the key's form and the address, then asks the control plane.
import { randomUUID } from 'node:crypto';
import { isSecretKey, SecretPrefix } from '@millrace/domain';
import type { PublishClaim, PublishRefusal } from '@millrace/domain';
import { MAX_ENCODER_LENGTH } from '@millrace/control';
import type { AuthorizePublish, ChallengeLoginAnswer, ControlPlane, RefusedKey } from '@millrace/control';
import { Lines } from '@millrace/service-kit';
import type { ChallengeRate } from './challenge-rate.ts';
import type { EncoderPeer } from './encoder-peer.ts';
import type { PublishSpans } from './publish-spans.ts';
import type { ShownCredentials } from './shown-credentials.ts';
import type { WrongKeys } from './wrong-keys.ts';

/** Whether a key may publish. */
export type KeyDecision =
  | {
      readonly granted: true;
      readonly claim: PublishClaim;
      readonly resumed: boolean;
      /** For an encoder with a passphrase. */
      readonly keyEncryptionKey?: string | undefined;
    }
  | {
      readonly granted: false;
      readonly refusal: PublishRefusal;
      /** Replaces the refusal's own sentence. */
      readonly detail?: string;
      /** Which key was refused, where the encoder named one that there is. */
      readonly key?: RefusedKey | undefined;
    };

export interface IngestAuthorizerOptions {
  readonly control: ControlPlane;
  readonly wrongKeys: WrongKeys;
  readonly challenges: ChallengeRate;
  readonly spans: PublishSpans;
  readonly edgeId: string;
  readonly authorizeMs: number;
  /** Called when an address is refused for too many wrong keys or challenges. */
  readonly onBlocked?: (limit: 'wrong_keys' | 'logins') => void;
}

/** Refusals that mean the key itself does not work, as a guesser would see. */
const WRONG_KEY: ReadonlySet<PublishRefusal> = new Set([
  'bad_key',
  'key_revoked',
  'key_expired',
  'login_expired',
  'wrong_passphrase',
]);
/** The app of a publish with a login, whose own app is part of the login. */
const LOGIN_APP = 'login';

/** The app of a publish with a passphrase: stream ids have none. */
const PASSPHRASE_APP = 'live';

/** How many keys from an address that is guessing are checked at once, and how many may wait. */
const ASKED_AT_ONCE = 2;
const MAX_WAITING = 64;

const BLOCKED: KeyDecision = {
  granted: false,
  refusal: 'limit_exceeded',
  detail: 'limit exceeded: too many wrong stream keys from this address; wait a minute',
};

export class IngestAuthorizer {
  readonly #options: IngestAuthorizerOptions;
  readonly #lines = new Lines(ASKED_AT_ONCE, MAX_WAITING);

  constructor(options: IngestAuthorizerOptions) {
    this.#options = options;
  }

  /** Decides within `authorizeMs`. Does not reject: without an answer the refusal is `unavailable`. */
  async authorize(shown: ShownCredentials, peer: EncoderPeer): Promise<KeyDecision> {
    const { encoder, isBackup } = shown;
    const role = isBackup === true ? ('backup' as const) : undefined;
    if ('fault' in shown) return this.#wrong(peer, shown.guess, `bad key: ${shown.fault}`);
    if ('login' in shown) {
      const login = { ...shown.login, attempt: randomUUID() };
      return this.#ask({ key: '', login, app: LOGIN_APP, encoder, role }, peer, `${login.user} ${login.response}`);
    }
    if ('passphrase' in shown) {
      const passphrase = { ...shown.passphrase, attempt: randomUUID() };
      return this.#ask(
        { key: '', passphrase, app: PASSPHRASE_APP, encoder, role },
        peer,
        `${passphrase.user} ${passphrase.wrapped}`,
      );
    }
    const { key, app } = shown;
    // The checksum detects typing errors, and text that never was a key, without a question to the control plane.
    if (!isSecretKey(SecretPrefix.streamKey, key)) return this.#wrong(peer, key);
    return this.#ask({ key, app, encoder, role }, peer, key);
  }

  /** A challenge for an encoder with a user name and a password. Undefined after too many requests, or without an answer. */
  challenge(user: string, peer: EncoderPeer): Promise<ChallengeLoginAnswer | undefined> {
    const { control, challenges, authorizeMs } = this.#options;
    if (!challenges.take(peer.network)) {
      this.#options.onBlocked?.('logins');
      return Promise.resolve(undefined);
    }
    return control.challengeLogin({ user: user.toWellFormed(), clientAddress: peer.address }, authorizeMs);
  }

  #wrong(peer: EncoderPeer, guess: string | undefined, detail?: string): KeyDecision {
    const { wrongKeys } = this.#options;
    if (wrongKeys.isBlocked(peer.network)) return this.#blocked();
    if (guess !== undefined) wrongKeys.add(peer.network, guess);
    return { granted: false, refusal: 'bad_key', ...(detail !== undefined && { detail }) };
  }

  async #ask(
    shown: Pick<AuthorizePublish, 'key' | 'login' | 'passphrase' | 'app' | 'encoder' | 'role'>,
    peer: EncoderPeer,
    guess: string,
  ): Promise<KeyDecision> {
    const { control, wrongKeys, spans, edgeId, authorizeMs } = this.#options;
    const encoder = shown.encoder.slice(0, MAX_ENCODER_LENGTH).toWellFormed();
    const { protocol, address: clientAddress } = peer;
    const question = { ...shown, edgeId, protocol, clientAddress, encoder, reportsRefusal: true, mayWait: true };
    const ask = () => spans.ask(question, (asked) => control.authorizePublish(asked, authorizeMs));
    const isBlocked = wrongKeys.isBlocked(peer.network);
    const answer = isBlocked ? await this.#inLine(peer.network, ask) : await ask();
    if (answer === undefined) return this.#blocked();
    if (!answer.granted && answer.key !== undefined)
      control.publishRejected({ ...answer.key, refusal: answer.refusal, protocol, encoder });
    if (answer.granted || !WRONG_KEY.has(answer.refusal)) return answer;
    wrongKeys.add(peer.network, guess);
    return isBlocked ? this.#blocked() : answer;
  }

  /** A valid key passes even from an address that is guessing, but few of its keys are checked at a time. Undefined when too many wait. */
  async #inLine<T>(network: string, ask: () => Promise<T>): Promise<T | undefined> {
    const leave = await this.#lines.enter(network);
    if (leave === undefined) return undefined;
    try {
      return await ask();
    } finally {
      leave();
    }
  }

  #blocked(): KeyDecision {
    this.#options.onBlocked?.('wrong_keys');
    return BLOCKED;
  }
}
