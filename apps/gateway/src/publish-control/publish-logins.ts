// Proof of a key without the key: by a digest of it ("authmod=adobe" of RTMP, Digest of RTSP), or by the passphrase of SRT.
import { timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ChallengeLogin, ChallengeLoginAnswer, PublishLogin, PublishPassphrase } from '@millrace/control';
import { isId } from '@millrace/domain';
import type { PublishRefusal } from '@millrace/domain';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { adobeDigest } from '@millrace/protocol/rtmp';
import { digestResponse } from '@millrace/protocol/rtsp';
import { deriveKeyEncryptionKey, isKeyBytes, SALT_BYTES, unwrapKeys } from '@millrace/protocol/srt';
import { peerNetwork } from '@millrace/service-kit';
import { LoginChallenges } from '../auth/login-challenges.ts';
import { SrtPassphraseSeal, StreamKeySeal } from '../auth/secret-seal.ts';
import { FactFinder, NotKnown } from '../known/fact-finder.ts';

/** What a login proves: which key it is, by its hash. */
export type ProvenLogin =
  | {
      readonly proven: true;
      readonly hash: string;
      /** Of a passphrase, in base 64. */
      readonly keyEncryptionKey?: string;
    }
  | {
      readonly proven: false;
      readonly refusal: PublishRefusal;
      /** Of the key that was named and is not proven, where its tenant is told of it. */
      readonly hash?: string;
    };

@Injectable()
export class PublishLogins {
  constructor(
    private readonly challenges: LoginChallenges,
    private readonly seal: StreamKeySeal,
    private readonly passphrases: SrtPassphraseSeal,
    private readonly facts: FactFinder,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
  ) {}

  /** A challenge for any user: whether there is such a key is not told before it is answered. */
  challenge({ user, clientAddress }: ChallengeLogin): ChallengeLoginAnswer {
    return this.challenges.make({ user, network: peerNetwork(clientAddress) });
  }

  /** Checks the answer to a challenge: made here, for this user and network, in time, and not used before. */
  async prove(login: PublishLogin, clientAddress: string): Promise<ProvenLogin> {
    const { user, opaque, attempt } = login;
    const network = peerNetwork(clientAddress);
    const challenge = this.challenges.open(opaque, { user, network });
    if (challenge === undefined) return refused('login_expired');
    // Used up whatever it proves: each try needs a challenge of its own.
    const isFirst = await this.store.useOnce(`challenge:${challenge.nonce}`, attempt, 2 * this.challenges.lifetimeMs);
    if (!isFirst) return refused('login_expired');
    return this.#proveSecret(login, challenge.salt);
  }

  /** Unwraps what the encoder wrapped with its passphrase: with another one the integrity check fails (RFC 3394). */
  async provePassphrase({ user, ...wrapped }: PublishPassphrase): Promise<ProvenLogin> {
    const { keyBytes } = wrapped;
    const salt = Buffer.from(wrapped.salt, 'base64');
    if (!isId('skey', user) || !isKeyBytes(keyBytes) || salt.length !== SALT_BYTES) return refused('bad_key');
    try {
      const fact = await this.facts.look((read) => read('logins', user));
      if (fact === undefined) return refused('bad_key');
      const { hash, srtPassphrase } = fact;
      if (srtPassphrase === undefined) return { proven: false, refusal: 'wrong_passphrase', hash };
      const passphrase = this.passphrases.open(Buffer.from(srtPassphrase, 'base64'), user);
      const key = await deriveKeyEncryptionKey(passphrase, salt, keyBytes);
      const isRight = unwrapKeys(key, Buffer.from(wrapped.wrapped, 'base64')) !== undefined;
      return isRight
        ? { proven: true, hash, keyEncryptionKey: key.toString('base64') }
        : { proven: false, refusal: 'wrong_passphrase', hash };
    } catch (error) {
      if (error instanceof NotKnown) return refused('unavailable');
      throw error;
    }
  }

  /** Why a key may not be used without a passphrase; undefined for one that has none. */
  async refusalWithoutPassphrase(streamKeyId: string): Promise<PublishRefusal | undefined> {
    try {
      const fact = await this.facts.look((read) => read('logins', streamKeyId));
      return fact?.srtPassphrase === undefined ? undefined : 'wrong_passphrase';
    } catch (error) {
      if (error instanceof NotKnown) return 'unavailable';
      throw error;
    }
  }

  async #proveSecret(login: PublishLogin, salt: string): Promise<ProvenLogin> {
    const { user, opaque, clientChallenge } = login;
    if (!isId('skey', user)) return refused('bad_key');
    try {
      const fact = await this.facts.look((read) => read('logins', user));
      if (fact === undefined) return refused('bad_key');
      if (fact.sealed === null) return refused('rotate_key');
      const password = this.seal.open(Buffer.from(fact.sealed, 'base64'), user);
      const { digest } = login;
      const given = Buffer.from(login.response, digest === undefined ? 'base64' : 'hex');
      const expected =
        digest === undefined
          ? adobeDigest({ user, password, salt, opaque, clientChallenge })
          : Buffer.from(
              digestResponse({ ...digest, nonce: opaque, counted: digest.counted }, password, digest.method),
              'hex',
            );
      return isSame(expected, given) ? { proven: true, hash: fact.hash } : refused('bad_key');
    } catch (error) {
      if (error instanceof NotKnown) return refused('unavailable');
      throw error;
    }
  }
}

const refused = (refusal: PublishRefusal): ProvenLogin => ({ proven: false, refusal });

const isSame = (expected: Buffer, given: Buffer): boolean =>
  given.length === expected.length && timingSafeEqual(given, expected);
