import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  authorizeJoinSchema,
  issueIceServersSchema,
  participantLeftSchema,
  PayloadPipe,
  renewTokenSchema,
  roomFinishedSchema,
  roomStartedSchema,
  RoomSubject,
} from '@millrace/control';
import type {
  AuthorizeJoin,
  AuthorizeJoinAnswer,
  IssueIceServers,
  IssueIceServersAnswer,
  ParticipantLeft,
  RenewToken,
  RenewTokenAnswer,
  RoomFinished,
  RoomStarted,
} from '@millrace/control';
import { JoinAuthorizer } from '../join-tokens/join-authorizer.ts';
import { TokenRenewer } from '../join-tokens/token-renewer.ts';
import { IceIssuer } from '../relay/ice-issuer.ts';
import { RelayCredentials } from '../relay/relay-credentials.ts';
import { SessionRecorder } from '../sessions/session-recorder.ts';
import { revokeOfRemoved } from './handed-room-events.ts';
import { roomFinished, roomStarted } from './room-writes.ts';

/** What signaling servers ask gateways; and what those of the release before tell them, without waiting for an acknowledgement. */
@Controller()
export class RoomControlController {
  constructor(
    private readonly joins: JoinAuthorizer,
    private readonly tokens: TokenRenewer,
    private readonly iceServers: IceIssuer,
    private readonly credentials: RelayCredentials,
    private readonly recorder: SessionRecorder,
  ) {}

  @MessagePattern<string>(RoomSubject.authorizeJoin)
  authorizeJoin(@Payload(new PayloadPipe(authorizeJoinSchema)) request: AuthorizeJoin): Promise<AuthorizeJoinAnswer> {
    return this.joins.authorize(request);
  }

  @MessagePattern<string>(RoomSubject.issueIceServers)
  issueIceServers(
    @Payload(new PayloadPipe(issueIceServersSchema)) request: IssueIceServers,
  ): Promise<IssueIceServersAnswer> {
    return this.iceServers.issue(request);
  }

  @MessagePattern<string>(RoomSubject.renewToken)
  renewToken(@Payload(new PayloadPipe(renewTokenSchema)) request: RenewToken): Promise<RenewTokenAnswer> {
    return this.tokens.renew(request);
  }

  @EventPattern<string>(RoomSubject.roomStarted)
  started(@Payload(new PayloadPipe(roomStartedSchema)) event: RoomStarted): void {
    this.recorder.record(roomStarted(event));
  }

  @EventPattern<string>(RoomSubject.roomFinished)
  finished(@Payload(new PayloadPipe(roomFinishedSchema)) event: RoomFinished): void {
    this.recorder.record(roomFinished(event));
  }

  @EventPattern<string>(RoomSubject.participantLeft)
  left(@Payload(new PayloadPipe(participantLeftSchema)) event: ParticipantLeft): void {
    revokeOfRemoved(this.credentials, event);
  }
}
