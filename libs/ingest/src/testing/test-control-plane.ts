// A control plane for tests: keys in a map; claims in the live store of the edge, taken as a gateway takes them.
import { DEFAULT_STREAM_SETTINGS, newId, newSecretKey } from '@millrace/domain';
import type { PublishRefusal, StreamSettings } from '@millrace/domain';
import {
  SOURCE_LIMITS,
  sourceProtocolOf,
  sourceStateChangedSchema,
  syncTargetsAnswerSchema,
  syncTargetsSchema,
  takeSourcesAnswerSchema,
  takeSourcesSchema,
} from '@millrace/control';
import type {
  AuthorizePlayback,
  AuthorizePlaybackAnswer,
  AuthorizePublish,
  AuthorizePublishAnswer,
  ChallengeLogin,
  ChallengeLoginAnswer,
  CheckPlayback,
  CheckPlaybackAnswer,
  ControlPlane,
  PublishEnded,
  PublishLogin,
  PublishPassphrase,
  PublishRejected,
  SessionWarned,
  SourceStateChanged,
  StandbyChanged,
  TakenSource,
  TakeSources,
  TakeSourcesAnswer,
  SimulcastTarget,
  SyncTargets,
  SyncTargetsAnswer,
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

export interface TestPlayback {
  readonly playbackId: string;
  readonly stream: TestStream;
  readonly token: string | undefined;
  /** A problem code: why it may not be watched, or not any more. */
  refusal: string | undefined;
}

/** Whether a login proves that the encoder has this key, according to the edge's protocol. */
export type LoginCheck = (login: PublishLogin, key: string, salt: string) => boolean;

const SALT = 'saltsaltsalt';

export class TestControlPlane implements ControlPlane {
  readonly requests: AuthorizePublish[] = [];
  readonly ended: PublishEnded[] = [];
  readonly rejected: PublishRejected[] = [];
  readonly warned: SessionWarned[] = [];
  readonly standbys: StandbyChanged[] = [];
  readonly metadataPut: TimedMetadataPut[] = [];
  /** What edges said of simulcast targets. */
  readonly synced: SyncTargets[] = [];
  /** The simulcast targets of each stream. */
  readonly targets = new Map<string, readonly SimulcastTarget[]>();
  /** If set, every request is refused with it. */
  refusal: PublishRefusal | undefined;
  /** What unwraps an encoder's keys, in base 64; undefined for a wrong passphrase. */
  openPassphrase: ((shown: PublishPassphrase) => Promise<string | undefined>) | undefined;
  /** Whether it is of a release that knows backup encoders. */
  knowsBackups = true;
  /** If set, answers wait for its result, and fail if it fails. */
  gate: (() => Promise<void>) | undefined;
  readonly #streams = new Map<string, TestStream>();
  readonly #playbacks = new Map<string, TestPlayback>();
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

  /** Another key of a stream. @param settings what has changed of the stream for those who publish with it */
  newKey(stream: TestStream, settings: Partial<StreamSettings> = {}): string {
    const key = newSecretKey('mr_st');
    this.#streams.set(key, {
      ...stream,
      key,
      streamKeyId: newId('skey'),
      settings: { ...stream.settings, ...settings },
    });
    return key;
  }

  /** A playback id of a stream, with what tests change of it. @param token makes it a signed one */
  newPlayback(stream: TestStream, token?: string): TestPlayback {
    const playback = { playbackId: newId('pbk'), stream, token, refusal: undefined };
    this.#playbacks.set(playback.playbackId, playback);
    return playback;
  }

  async authorizePublish(request: AuthorizePublish): Promise<AuthorizePublishAnswer> {
    this.requests.push(request);
    await this.gate?.();
    const { login, passphrase } = request;
    const stream = passphrase
      ? this.#withId(passphrase.user)
      : login
        ? this.#loggedIn(login)
        : this.#streams.get(request.key);
    if (!stream) return { granted: false, refusal: this.refusal ?? 'bad_key' };
    const { tenantId, streamId, streamKeyId, settings } = stream;
    const refuse = (refusal: PublishRefusal): AuthorizePublishAnswer => ({
      granted: false,
      refusal,
      key: { tenantId, streamId, streamKeyId },
    });
    if (this.refusal !== undefined) return refuse(this.refusal);
    const keyEncryptionKey = passphrase && (await this.openPassphrase?.(passphrase));
    if (passphrase !== undefined && keyEncryptionKey === undefined) return refuse('wrong_passphrase');
    const outcome = await this.#liveStore.claimPublish({
      tenantId,
      streamId,
      streamKeyId,
      edgeId: request.edgeId,
      newSessionId: newId('ses'),
      settings,
      maxLiveStreams: 1_000,
      ...(this.knowsBackups && { role: request.role, mayWait: request.mayWait }),
      traceparent: request.traceparent,
    });
    if (outcome.outcome !== 'claimed' && outcome.outcome !== 'standby') return refuse(outcome.outcome);
    const resumed = outcome.outcome === 'claimed' && outcome.resumed;
    return { granted: true, claim: outcome.claim, resumed, keyEncryptionKey };
  }

  #withId(user: string): TestStream | undefined {
    return [...this.#streams.values()].find(({ streamKeyId }) => streamKeyId === user);
  }

  #loggedIn(login: PublishLogin): TestStream | undefined {
    const stream = this.#withId(login.user);
    return stream && this.#checkLogin(login, stream.key, SALT) ? stream : undefined;
  }

  /** Challenges with one salt, whose opaque text names the user, as a gateway's does. */
  async challengeLogin({ user, clientAddress }: ChallengeLogin): Promise<ChallengeLoginAnswer> {
    return {
      salt: SALT,
      opaque: Buffer.from(`${this.#challenges++} ${user} ${clientAddress}`).toString('base64url').slice(0, 60),
    };
  }

  async authorizePlayback({ playbackId, token: shown, login }: AuthorizePlayback): Promise<AuthorizePlaybackAnswer> {
    const found = this.#playbacks.get(playbackId);
    const isProven =
      login !== undefined &&
      found?.token !== undefined &&
      this.#checkLogin({ user: playbackId, clientChallenge: '', ...login }, found.token, SALT);
    const token = isProven ? found.token : shown;
    if (found === undefined) return { granted: false, refusal: 'not_found', detail: 'There is no such playback id.' };
    const { refusal } = found;
    if (refusal !== undefined) return { granted: false, refusal, detail: `refused: ${refusal}` };
    if (found.token !== undefined && token !== found.token)
      return { granted: false, refusal: 'playback_token_invalid', detail: 'This playback id is signed.' };
    const { tenantId, streamId } = found.stream;
    if ((await this.#liveStore.readLiveStream(streamId)) === undefined)
      return {
        granted: false,
        refusal: 'stream_offline',
        detail: 'This stream is not live now.',
        offlineStreamId: streamId,
      };
    return {
      granted: true,
      tenantId,
      streamId,
      groups: [],
      ...(token !== undefined && { ticket: token, tokenId: token }),
    };
  }

  checkPlayback({ visits }: CheckPlayback): Promise<CheckPlaybackAnswer> {
    const answers = visits.map(({ playbackId }) => ({ groups: [], refusal: this.#playbacks.get(playbackId)?.refusal }));
    return Promise.resolve({ visits: answers });
  }

  /** Sources that edges shall pull, each as its gateway describes it without a lease. */
  readonly sources = new Map<string, Omit<TakenSource, 'token'>>();
  /** Questions of edges for sources. */
  readonly taking: TakeSources[] = [];

  /** Whether it says that there are no sources; then it must tell edges of the first one. */
  saysNone = false;

  /** A source of a stream. */
  newSource(
    { tenantId, streamId, streamKeyId, key }: TestStream,
    from: Pick<TakenSource, 'url' | 'username' | 'password'>,
  ): string {
    const sourceId = newId('src');
    this.sources.set(sourceId, { sourceId, revision: 1, tenantId, streamId, streamKeyId, key, ...from });
    return sourceId;
  }

  async takeSources(request: TakeSources): Promise<TakeSourcesAnswer> {
    this.taking.push(request);
    // As over the wire: what does not fit is not heard, and what does not fit is not answered.
    const { edgeId, protocols, held, free } = takeSourcesSchema.parse(request);
    const taken: TakenSource[] = [];
    for (const source of this.sources.values()) {
      if (
        taken.length >= Math.min(free, SOURCE_LIMITS.maxTaken) ||
        !protocols.includes(sourceProtocolOf(new URL(source.url)) ?? '')
      )
        continue;
      const lease = await this.#liveStore.acquireSource(source.sourceId, edgeId, SOURCE_LIMITS.leaseMs);
      if (lease !== undefined) taken.push({ ...source, token: lease.token });
    }
    const dropped = held.filter(({ sourceId, revision }) => this.sources.get(sourceId)?.revision !== revision);
    const none = this.saysNone && this.sources.size === 0;
    return takeSourcesAnswerSchema.parse({ taken, dropped: dropped.map(({ sourceId }) => sourceId), none });
  }

  /** What edges said has become of sources. */
  readonly sourceStates: SourceStateChanged[] = [];

  sourceStateChanged(event: SourceStateChanged): void {
    this.sourceStates.push(sourceStateChangedSchema.parse(event));
  }

  sourceChanged(): void {}

  /** Takes and says what passes between processes too. */
  async syncTargets(request: SyncTargets): Promise<SyncTargetsAnswer> {
    const { streams } = syncTargetsSchema.parse(request);
    this.synced.push(request);
    return syncTargetsAnswerSchema.parse({
      streams: streams.map(({ streamId }) => this.targets.get(streamId) ?? []),
    });
  }

  publishRejected(event: PublishRejected): void {
    this.rejected.push(event);
  }

  publishEnded(event: PublishEnded): void {
    this.ended.push(event);
  }

  standbyChanged(event: StandbyChanged): void {
    this.standbys.push(event);
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

  targetsChanged(): void {}

  streamLive(): void {}

  eventsCommitted(): void {}
}
