// A control plane for tests: keys in a map; claims in the live store of the edge, taken as a gateway takes them.
import { DEFAULT_STREAM_SETTINGS, newId, newSecretKey } from '@millrace/domain';
import type { PublishRefusal, StreamSettings } from '@millrace/domain';
import type {
  AuthorizePublish,
  AuthorizePublishAnswer,
  ChallengeLogin,
  ChallengeLoginAnswer,
  ControlPlane,
  PublishEnded,
  PublishLogin,
  PublishRejected,
  SessionWarned,
  TimedMetadataPut,
} from '@millrace/control';
import type { LiveStore } from '@millrace/live-store';

/** A stream with one key. */
export interface TestStream {
  readonly key: string;
  readonly tenantId: string;
  readonly streamId: string;
  readonly streamKeyId: string;
  readonly settings: StreamSettings;
}

/** Whether a login proves that the encoder has this key, according to the edge's protocol. */
export type LoginCheck = (login: PublishLogin, key: string, salt: string) => boolean;

const SALT = 'saltsaltsalt';

export class TestControlPlane implements ControlPlane {
  readonly requests: AuthorizePublish[] = [];
  readonly ended: PublishEnded[] = [];
  readonly rejected: PublishRejected[] = [];
  readonly warned: SessionWarned[] = [];
  readonly metadataPut: TimedMetadataPut[] = [];
  /** If set, every request is refused with it. */
  refusal: PublishRefusal | undefined;
  /** If set, answers wait for its result, and fail if it fails. */
  gate: (() => Promise<void>) | undefined;
  readonly #streams = new Map<string, TestStream>();
  readonly #liveStore: LiveStore;
  readonly #checkLogin: LoginCheck;
  #challenges = 0;

  constructor(liveStore: LiveStore, checkLogin: LoginCheck = () => false) {
    this.#liveStore = liveStore;
    this.#checkLogin = checkLogin;
  }

  newStream(settings: Partial<StreamSettings> = {}): TestStream {
    const stream = {
      key: newSecretKey('mr_st'),
      tenantId: newId('ten'),
      streamId: newId('str'),
      streamKeyId: newId('skey'),
      settings: { ...DEFAULT_STREAM_SETTINGS, ...settings },
    };
    this.#streams.set(stream.key, stream);
    return stream;
  }

  async authorizePublish(request: AuthorizePublish): Promise<AuthorizePublishAnswer> {
    this.requests.push(request);
    await this.gate?.();
    const stream = request.login ? this.#loggedIn(request.login) : this.#streams.get(request.key);
    if (!stream) return { granted: false, refusal: this.refusal ?? 'bad_key' };
    const { tenantId, streamId, streamKeyId, settings } = stream;
    const refuse = (refusal: PublishRefusal): AuthorizePublishAnswer => ({
      granted: false,
      refusal,
      key: { tenantId, streamId, streamKeyId },
    });
    if (this.refusal !== undefined) return refuse(this.refusal);
    const outcome = await this.#liveStore.claimPublish({
      tenantId,
      streamId,
      streamKeyId,
      edgeId: request.edgeId,
      newSessionId: newId('ses'),
      settings,
      maxLiveStreams: 1_000,
      traceparent: request.traceparent,
    });
    if (outcome.outcome !== 'claimed') return refuse(outcome.outcome);
    return { granted: true, claim: outcome.claim, resumed: outcome.resumed };
  }

  #loggedIn(login: PublishLogin): TestStream | undefined {
    const stream = [...this.#streams.values()].find(({ streamKeyId }) => streamKeyId === login.user);
    return stream && this.#checkLogin(login, stream.key, SALT) ? stream : undefined;
  }

  /** Challenges with one salt, whose opaque text names the user, as a gateway's does. */
  async challengeLogin({ user, clientAddress }: ChallengeLogin): Promise<ChallengeLoginAnswer> {
    return {
      salt: SALT,
      opaque: Buffer.from(`${this.#challenges++} ${user} ${clientAddress}`).toString('base64url').slice(0, 60),
    };
  }

  publishRejected(event: PublishRejected): void {
    this.rejected.push(event);
  }

  publishEnded(event: PublishEnded): void {
    this.ended.push(event);
  }

  sessionActive(): void {}

  sessionEnded(): void {}

  sessionWarned(event: SessionWarned): void {
    this.warned.push(event);
  }

  cutPublisher(): void {}

  putTimedMetadata(): void {}

  timedMetadataPut(event: TimedMetadataPut): void {
    this.metadataPut.push(event);
  }

  streamLive(): void {}

  eventsCommitted(): void {}
}
