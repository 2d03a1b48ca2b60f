import type { RoomFacts } from '@millrace/domain';
import type { ClientProxy } from '@nestjs/microservices';
import { EventHandover, SETTLE_MS } from '../handover/event-handover.ts';
import { ControlSender } from '../control-sender.ts';
import type { ControlClientOptions } from '../control-sender.ts';
import type { RoomControl } from './room-control.ts';
import { RoomSubject, TrackEvent } from './room-messages.ts';
import type {
  AuthorizeJoin,
  AuthorizeJoinAnswer,
  IssueIceServers,
  IssueIceServersAnswer,
  ParticipantJoined,
  ParticipantLeft,
  ParticipantRemove,
  RenewToken,
  RenewTokenAnswer,
  RoomEnd,
  RoomFinished,
  RoomStarted,
  TrackChange,
} from './room-messages.ts';
import { authorizeJoinAnswerSchema, issueIceServersAnswerSchema, renewTokenAnswerSchema } from './room-schemas.ts';

const UNAVAILABLE = { granted: false, refusal: 'unavailable' } as const;

/** What is said about rooms, over either transport. */
export class RoomControlClient implements RoomControl {
  readonly #sender: ControlSender;
  readonly #handover: EventHandover;

  constructor(client: ClientProxy, options: ControlClientOptions = {}) {
    this.#sender = new ControlSender(client, options);
    this.#handover = new EventHandover(this.#sender, options.handover);
  }

  /** Events that no gateway has written yet. */
  get pendingEvents(): number {
    return this.#handover.pending;
  }

  async authorizeJoin(request: AuthorizeJoin, timeoutMs: number): Promise<AuthorizeJoinAnswer> {
    const subject = RoomSubject.authorizeJoin;
    return (await this.#sender.ask(subject, request, authorizeJoinAnswerSchema, timeoutMs))?.answer ?? UNAVAILABLE;
  }

  async issueIceServers(request: IssueIceServers, timeoutMs: number): Promise<IssueIceServersAnswer> {
    const subject = RoomSubject.issueIceServers;
    return (await this.#sender.ask(subject, request, issueIceServersAnswerSchema, timeoutMs))?.answer ?? UNAVAILABLE;
  }

  async renewToken(request: RenewToken, timeoutMs: number): Promise<RenewTokenAnswer> {
    const subject = RoomSubject.renewToken;
    return (await this.#sender.ask(subject, request, renewTokenAnswerSchema, timeoutMs))?.answer ?? UNAVAILABLE;
  }

  roomStarted(event: RoomStarted): void {
    this.#handover.hand(RoomSubject.roomStarted, event.tenantId, event);
  }

  roomFinished(event: RoomFinished): void {
    this.#handover.hand(RoomSubject.roomFinished, event.tenantId, event);
  }

  participantJoined(event: ParticipantJoined): void {
    this.#handover.hand(RoomSubject.participantJoined, event.tenantId, event);
  }

  participantLeft(event: ParticipantLeft): void {
    this.#handover.hand(RoomSubject.participantLeft, event.tenantId, event);
  }

  trackPublished(event: TrackChange): void {
    this.#handover.hand(TrackEvent.published, event.tenantId, event);
  }

  trackUnpublished(event: TrackChange): void {
    this.#handover.hand(TrackEvent.unpublished, event.tenantId, event);
  }

  roomChanged(event: RoomFacts): void {
    this.#sender.tell(RoomSubject.roomChanged, event);
  }

  roomEnd(event: RoomEnd): void {
    this.#sender.tell(RoomSubject.roomEnd, event);
  }

  participantRemove(event: ParticipantRemove): void {
    this.#sender.tell(RoomSubject.participantRemove, event);
  }

  /** Nest calls it, as the client of a module, after what depends on it has stopped: what is left is given a last chance. */
  beforeApplicationShutdown(): Promise<void> {
    return this.#handover.close(SETTLE_MS);
  }
}
