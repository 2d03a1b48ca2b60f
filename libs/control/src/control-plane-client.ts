// The typed client of what is said about publishers and streams, over either transport.
import type { ClientProxy } from '@nestjs/microservices';
import type { ControlPlane } from './control-plane.ts';
import { EventHandover, SETTLE_MS } from './handover/event-handover.ts';
import { RejectionReports } from './handover/rejection-reports.ts';
import { ControlSender } from './control-sender.ts';
import type { ControlClientOptions } from './control-sender.ts';
import {
  authorizePlaybackAnswerSchema,
  authorizePublishAnswerSchema,
  challengeLoginAnswerSchema,
  checkPlaybackAnswerSchema,
  syncTargetsAnswerSchema,
} from './message-schemas.ts';
import { ControlSubject, PublishEvent } from './messages.ts';
import type {
  AuthorizePlayback,
  AuthorizePlaybackAnswer,
  AuthorizePublish,
  AuthorizePublishAnswer,
  ChallengeLogin,
  ChallengeLoginAnswer,
  CheckPlayback,
  CheckPlaybackAnswer,
  CutPublisher,
  EventsCommitted,
  PublishEnded,
  PublishRejected,
  PutTimedMetadata,
  SessionActive,
  SessionEnded,
  SessionWarned,
  StandbyChanged,
  StreamLive,
  SyncTargets,
  SyncTargetsAnswer,
  TargetsChanged,
  TimedMetadataPut,
} from './messages.ts';
import { SourceEvent, SourceSubject, takeSourcesAnswerSchema } from './sources/source-messages.ts';
import type { SourceChanged, SourceStateChanged, TakeSources, TakeSourcesAnswer } from './sources/source-messages.ts';

/** A gateway may have to ask the tenant's own endpoint first, which has 2 s. */
const AUTHORIZE_ATTEMPT_MS = 2_750;

const UNAVAILABLE: AuthorizePublishAnswer = { granted: false, refusal: 'unavailable' };

/** An encoder that is refused may give up: what a gateway cannot decide now, it or another one may a moment later. */
const isUndecided = (answer: AuthorizePublishAnswer): boolean => !answer.granted && answer.refusal === 'unavailable';

const PLAYBACK_UNAVAILABLE: AuthorizePlaybackAnswer = {
  granted: false,
  refusal: 'dependency_unavailable',
  detail: 'No gateway can decide now whether this may be watched.',
};
const isPlaybackUndecided = (answer: AuthorizePlaybackAnswer): boolean =>
  !answer.granted && answer.refusal === PLAYBACK_UNAVAILABLE.refusal;

export class ControlPlaneClient implements ControlPlane {
  readonly #sender: ControlSender;
  readonly #handover: EventHandover;
  readonly #rejections = new RejectionReports();

  constructor(client: ClientProxy, options: ControlClientOptions = {}) {
    this.#sender = new ControlSender(client, options);
    this.#handover = new EventHandover(this.#sender, options.handover);
  }

  /** Events that no gateway has written yet. */
  get pendingEvents(): number {
    return this.#handover.pending;
  }

  async authorizePublish(request: AuthorizePublish, timeoutMs: number): Promise<AuthorizePublishAnswer> {
    const subject = ControlSubject.authorizePublish;
    const answered = await this.#sender.ask(
      subject,
      request,
      authorizePublishAnswerSchema,
      timeoutMs,
      isUndecided,
      AUTHORIZE_ATTEMPT_MS,
    );
    if (answered === undefined) return UNAVAILABLE;
    const { answer, afterTimeout } = answered;
    // A gateway may have taken the claim for us although its answer was lost. Then the answer is that another publisher
    // has the stream; that claim expires, since it is not renewed. The encoder shall try again, not give up.
    if (afterTimeout && !answer.granted && answer.refusal === 'already_publishing') return UNAVAILABLE;
    return answer;
  }

  async challengeLogin(request: ChallengeLogin, timeoutMs: number): Promise<ChallengeLoginAnswer | undefined> {
    const subject = ControlSubject.challengeLogin;
    return (await this.#sender.ask(subject, request, challengeLoginAnswerSchema, timeoutMs))?.answer;
  }

  async authorizePlayback(request: AuthorizePlayback, timeoutMs: number): Promise<AuthorizePlaybackAnswer> {
    const subject = ControlSubject.authorizePlayback;
    const schema = authorizePlaybackAnswerSchema;
    const answered = await this.#sender.ask(subject, request, schema, timeoutMs, isPlaybackUndecided);
    if (answered === undefined) return PLAYBACK_UNAVAILABLE;
    const { answer, afterTimeout } = answered;
    // The attempt whose answer was lost may be what used it up.
    if (afterTimeout && !answer.granted && answer.refusal === 'playback_token_used') return PLAYBACK_UNAVAILABLE;
    return answer;
  }

  async checkPlayback(request: CheckPlayback, timeoutMs: number): Promise<CheckPlaybackAnswer | undefined> {
    const subject = ControlSubject.checkPlayback;
    return (await this.#sender.ask(subject, request, checkPlaybackAnswerSchema, timeoutMs))?.answer;
  }

  async takeSources(request: TakeSources, timeoutMs: number): Promise<TakeSourcesAnswer | undefined> {
    const subject = SourceSubject.takeSources;
    return (await this.#sender.ask(subject, request, takeSourcesAnswerSchema, timeoutMs))?.answer;
  }

  sourceStateChanged(event: SourceStateChanged): void {
    this.#handover.hand(SourceEvent.state, event.tenantId, event);
  }

  sourceChanged(event: SourceChanged): void {
    this.#sender.tell(SourceSubject.sourceChanged, event);
  }

  async syncTargets(request: SyncTargets, timeoutMs: number): Promise<SyncTargetsAnswer | undefined> {
    const subject = ControlSubject.syncTargets;
    return (await this.#sender.ask(subject, request, syncTargetsAnswerSchema, timeoutMs))?.answer;
  }

  publishRejected(event: PublishRejected): void {
    if (this.#rejections.isDue(event.streamId, event.refusal, Date.now()))
      this.#handover.hand(PublishEvent.rejected, event.tenantId, event);
  }

  publishEnded(event: PublishEnded): void {
    this.#handover.hand(ControlSubject.publishEnded, event.claim.tenantId, event);
  }

  standbyChanged(event: StandbyChanged): void {
    this.#handover.hand(PublishEvent.standby, event.claim.tenantId, event);
  }

  sessionActive(event: SessionActive): void {
    this.#handover.hand(ControlSubject.sessionActive, event.tenantId, event);
  }

  sessionEnded(event: SessionEnded): void {
    this.#handover.hand(ControlSubject.sessionEnded, event.tenantId, event);
  }

  sessionWarned(event: SessionWarned): void {
    this.#handover.hand(ControlSubject.sessionWarned, event.tenantId, event);
  }

  cutPublisher(event: CutPublisher): void {
    this.#sender.tell(ControlSubject.cutPublisher, event);
  }

  putTimedMetadata(event: PutTimedMetadata): void {
    this.#sender.tell(ControlSubject.putTimedMetadata, event);
  }

  timedMetadataPut(event: TimedMetadataPut): void {
    this.#sender.tell(ControlSubject.timedMetadataPut, event);
  }

  targetsChanged(event: TargetsChanged): void {
    this.#sender.tell(ControlSubject.targetsChanged, event);
  }

  streamLive(event: StreamLive): void {
    this.#sender.tell(ControlSubject.streamLive, event);
  }

  eventsCommitted(event: EventsCommitted): void {
    this.#sender.tell(ControlSubject.eventsCommitted, event);
  }

  /** Nest calls it, as the client of a module, after what depends on it has stopped: what is left is given a last chance. */
  beforeApplicationShutdown(): Promise<void> {
    return this.#handover.close(SETTLE_MS);
  }
}
