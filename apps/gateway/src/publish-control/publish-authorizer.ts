// "May this key publish?"
import { Inject, Injectable } from '@nestjs/common';
import { CONTROL_PLANE, RejectionReports } from '@millrace/control';
import type { AuthorizePublish, AuthorizePublishAnswer, ControlPlane, RefusedKey } from '@millrace/control';
import { isSecretKey, newId } from '@millrace/domain';
import type { PublishClaim, PublishRefusal } from '@millrace/domain';
import { LIVE_STORE } from '@millrace/live-store';
import type { ClaimOutcome, LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { KeyHasher } from '../auth/key-hasher.ts';
import { Database } from '../database/database.ts';
import { PublishPermission } from '../publish-authorizers/publish-permission.ts';
import type { PublishVerdict } from '../publish-authorizers/publish-permission.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS } from '../ports/tokens.ts';
import { SessionRecorder } from '../sessions/session-recorder.ts';
import { publishBegan, publishRejected } from '../sessions/session-writes.ts';
import { StreamKeyEntity } from '../stream-keys/stream-key.entity.ts';
import { KeyExpiries } from '../stream-keys/key-expiries.ts';
import { PublishLogins } from './publish-logins.ts';
import type { ProvenLogin } from './publish-logins.ts';
import { PublisherCuts } from '../publisher-cuts/publisher-cuts.ts';
import { isAllowedFrom, PublishFactsFinder, refusalOf, settingsOf } from './publish-facts.ts';
import type { PublishFacts } from './publish-facts.ts';
import { SrtHandshakes } from './srt-handshakes.ts';

@Injectable()
export class PublishAuthorizer {
  /** Of edges of the release before, which do not report refusals themselves. */
  readonly #rejections = new RejectionReports();

  constructor(
    private readonly facts: PublishFactsFinder,
    private readonly hasher: KeyHasher,
    private readonly logins: PublishLogins,
    private readonly handshakes: SrtHandshakes,
    private readonly permission: PublishPermission,
    private readonly cuts: PublisherCuts,
    private readonly expiries: KeyExpiries,
    private readonly recorder: SessionRecorder,
    private readonly database: Database,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(CONTROL_PLANE) private readonly control: ControlPlane,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** Does not fail: what cannot be decided is refused as `unavailable`. */
  async authorize(request: AuthorizePublish): Promise<AuthorizePublishAnswer> {
    const answer = await this.#decide(request).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'cannot decide whether a key may publish');
      return refuse('unavailable');
    });
    this.metrics.publishDecisions.inc({ outcome: answer.granted ? 'granted' : answer.refusal });
    if (!answer.granted && answer.refusal === 'quota') this.metrics.quotaRejections.inc({ kind: 'publish' });
    return answer;
  }

  async #decide(request: AuthorizePublish): Promise<AuthorizePublishAnswer> {
    const shown = await this.#identify(request);
    if (!shown.proven) return this.#notProven(shown, request);
    const { hash, keyEncryptionKey } = shown;
    const found = await this.facts.find(hash);
    if (!found.found) return refuse(found.refusal);
    const refusal =
      refusalOf(found.facts, Date.now()) ??
      (isAllowedFrom(found.facts.key, request.clientAddress)
        ? ((await this.#refusalInClear(found.facts, request)) ?? (await this.#askTenant(found.facts, request)))
        : 'address_not_allowed');
    if (refusal !== undefined) return this.#reject(found.facts, refusal, request);
    // Before the claim: a recording must not take a stream over.
    if (!(await this.#isNew(found.facts, request))) return this.#reject(found.facts, 'login_expired', request);
    const outcome = await this.#claim(found.facts, request);
    // For a moment after a publisher was cut, the live store refuses its key: the database knows whether it was revoked.
    if (outcome.outcome === 'key_revoked') return refuse('unavailable');
    if (outcome.outcome !== 'claimed' && outcome.outcome !== 'standby')
      return this.#reject(found.facts, outcome.outcome, request);
    const { claim } = outcome;
    const resumed = outcome.outcome === 'claimed' && outcome.resumed;
    this.expiries.expect(claim.streamId, claim.streamKeyId, found.facts.key.expiresAtMs);
    // Of an encoder that waits, its edge tells what becomes of it.
    if (outcome.outcome === 'claimed') {
      this.#announce(claim, outcome.replaced);
      this.recorder.record(publishBegan(claim, request));
    }
    if (found.verified) void this.#afterwards(found.facts, claim, hash);
    return { granted: true, claim, resumed, ...(keyEncryptionKey !== undefined && { keyEncryptionKey }) };
  }

  /** A key with a passphrase publishes over SRT with that alone: what is sent with it is to be encrypted. */
  async #refusalInClear(
    { key }: PublishFacts,
    { protocol, passphrase }: AuthorizePublish,
  ): Promise<PublishRefusal | undefined> {
    if (protocol !== 'srt' || passphrase !== undefined) return undefined;
    return this.logins.refusalWithoutPassphrase(key.streamKeyId);
  }

  async #isNew({ key }: PublishFacts, { passphrase }: AuthorizePublish): Promise<boolean> {
    return passphrase === undefined || (await this.handshakes.use(key.streamKeyId, passphrase));
  }

  /** Which key the encoder has shown, or has proven to have. */
  async #identify({ key, login, passphrase, clientAddress }: AuthorizePublish): Promise<ProvenLogin> {
    if (passphrase !== undefined) return this.logins.provePassphrase(passphrase);
    if (login !== undefined) return this.logins.prove(login, clientAddress);
    if (!isSecretKey('mr_st', key)) return { proven: false, refusal: 'bad_key' };
    return { proven: true, hash: this.hasher.hash(key).toString('hex') };
  }

  /** What the tenant is told of, where the encoder named a key of its. */
  async #notProven(
    { refusal, hash }: Extract<ProvenLogin, { proven: false }>,
    request: AuthorizePublish,
  ): Promise<AuthorizePublishAnswer> {
    const found = hash === undefined ? undefined : await this.facts.find(hash);
    return found?.found === true ? this.#reject(found.facts, refusal, request) : refuse(refusal);
  }

  #reject(facts: PublishFacts, refusal: PublishRefusal, request: AuthorizePublish): AuthorizePublishAnswer {
    const { tenantId, streamId, streamKeyId } = facts.key;
    const key = { tenantId, streamId, streamKeyId };
    if (request.reportsRefusal === true) return { granted: false, refusal, key };
    this.#record(key, refusal, request, Date.now());
    return refuse(refusal);
  }

  #record(key: RefusedKey, refusal: PublishRefusal, request: AuthorizePublish, nowMs: number): void {
    if (!this.#rejections.isDue(key.streamId, refusal, nowMs)) return;
    const { protocol, encoder } = request;
    this.recorder.record(publishRejected({ ...key, refusal, protocol, encoder }, nowMs));
  }

  /** Asks the tenant's own endpoint, if it has one. */
  async #askTenant(
    { key: { tenantId, streamId, streamKeyId }, authorizer }: PublishFacts,
    { app, protocol, encoder, clientAddress }: AuthorizePublish,
  ): Promise<PublishRefusal | undefined> {
    if (authorizer === null) return undefined;
    const question = { tenantId, streamId, streamKeyId, app, protocol, encoder, clientAddress };
    return DENIALS[await this.permission.ask(authorizer, question)];
  }

  #claim(facts: PublishFacts, request: AuthorizePublish): Promise<ClaimOutcome> {
    const { key, tenant } = facts;
    const { edgeId, role, mayWait, traceparent } = request;
    const settings = settingsOf(facts);
    return this.store.claimPublish({
      tenantId: key.tenantId,
      streamId: key.streamId,
      streamKeyId: key.streamKeyId,
      edgeId,
      newSessionId: newId('ses'),
      // An ingest source comes back by itself for ever: it takes over from no publisher, whatever the stream allows.
      settings: key.ingestSourceId === undefined ? settings : { ...settings, secondPublisher: 'refuse' },
      maxLiveStreams: tenant.maxLiveStreams,
      role,
      mayWait,
      traceparent,
    });
  }

  #announce({ streamId, epoch }: PublishClaim, replaced: boolean): void {
    if (replaced)
      this.control.cutPublisher({ streamId, streamKeyId: undefined, reason: 'taken_over', beforeEpoch: epoch });
    this.control.streamLive({ streamId });
  }

  /** Runs in the background. The key is read once more: it may have been revoked while it was being claimed. */
  async #afterwards(facts: PublishFacts, claim: PublishClaim, hash: string): Promise<void> {
    try {
      await this.facts.remember(facts, hash);
      const again = await this.facts.find(hash);
      const refusal = again.found ? refusalOf(again.facts, Date.now()) : again.refusal;
      if (refusal !== undefined && refusal !== 'unavailable')
        await this.cuts.cutKey(claim.streamId, claim.streamKeyId, refusal);
      const used = { lastUsedAt: new Date(claim.epochStartedAtMs) };
      this.database.runInBackground('record the use of a stream key', (manager) =>
        manager.update(StreamKeyEntity, { id: claim.streamKeyId }, used),
      );
    } catch (error) {
      this.logger.warn({ err: error, stream_id: claim.streamId }, 'could not check a claimed key again');
    }
  }
}

const DENIALS: Readonly<Record<PublishVerdict, PublishRefusal | undefined>> = {
  permitted: undefined,
  refused: 'not_authorized',
  failed: 'authorizer_unavailable',
};

const refuse = (refusal: PublishRefusal): AuthorizePublishAnswer => ({ granted: false, refusal });
