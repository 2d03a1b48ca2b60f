import type { RoomFacts } from '@millrace/domain';
import type { ClientProxy } from '@nestjs/microservices';
import { ControlSender } from '../control-sender.ts';
import type { ControlClientOptions } from '../control-sender.ts';
import type { RoomControl } from './room-control.ts';
import { RoomSubject } from './room-messages.ts';
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
} from './room-messages.ts';
import { authorizeJoinAnswerSchema, issueIceServersAnswerSchema, renewTokenAnswerSchema } from './room-schemas.ts';

const UNAVAILABLE = { granted: false, refusal: 'unavailable' } as const;

/** What is said about rooms, over either transport. */
export class RoomControlClient implements RoomControl {
  readonly #sender: ControlSender;

  constructor(client: ClientProxy, options: ControlClientOptions = {}) {
    this.#sender = new ControlSender(client, options);
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
    this.#sender.tell(RoomSubject.roomStarted, event);
  }

  roomFinished(event: RoomFinished): void {
    this.#sender.tell(RoomSubject.roomFinished, event);
  }

  participantJoined(event: ParticipantJoined): void {
    this.#sender.tell(RoomSubject.participantJoined, event);
  }

  participantLeft(event: ParticipantLeft): void {
    this.#sender.tell(RoomSubject.participantLeft, event);
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
}
