import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  authorizePublishSchema,
  challengeLoginSchema,
  ControlSubject,
  PayloadPipe,
  publishEndedSchema,
  sessionActiveSchema,
  sessionEndedSchema,
  sessionWarnedSchema,
} from '@millrace/control';
import type {
  AuthorizePublish,
  AuthorizePublishAnswer,
  ChallengeLogin,
  ChallengeLoginAnswer,
  PublishEnded,
  SessionActive,
  SessionEnded,
  SessionWarned,
} from '@millrace/control';
import { SessionRecorder } from '../sessions/session-recorder.ts';
import { publishEnded, sessionActive, sessionEnded, sessionWarned } from '../sessions/session-writes.ts';
import { PublishAuthorizer } from './publish-authorizer.ts';
import { PublishLogins } from './publish-logins.ts';

/** What edges ask gateways; and what edges and packagers of the release before tell them, without waiting for an acknowledgement. */
@Controller()
export class PublishControlController {
  constructor(
    private readonly authorizer: PublishAuthorizer,
    private readonly logins: PublishLogins,
    private readonly recorder: SessionRecorder,
  ) {}

  @MessagePattern<string>(ControlSubject.authorizePublish)
  authorize(
    @Payload(new PayloadPipe(authorizePublishSchema)) request: AuthorizePublish,
  ): Promise<AuthorizePublishAnswer> {
    return this.authorizer.authorize(request);
  }

  @MessagePattern<string>(ControlSubject.challengeLogin)
  challenge(@Payload(new PayloadPipe(challengeLoginSchema)) request: ChallengeLogin): ChallengeLoginAnswer {
    return this.logins.challenge(request);
  }

  @EventPattern<string>(ControlSubject.publishEnded)
  ended(@Payload(new PayloadPipe(publishEndedSchema)) event: PublishEnded): void {
    this.recorder.record(publishEnded(event, Date.now()));
  }

  @EventPattern<string>(ControlSubject.sessionActive)
  active(@Payload(new PayloadPipe(sessionActiveSchema)) event: SessionActive): void {
    this.recorder.record(sessionActive(event));
  }

  @EventPattern<string>(ControlSubject.sessionWarned)
  warned(@Payload(new PayloadPipe(sessionWarnedSchema)) event: SessionWarned): void {
    this.recorder.record(sessionWarned(event));
  }

  @EventPattern<string>(ControlSubject.sessionEnded)
  sessionEnded(@Payload(new PayloadPipe(sessionEndedSchema)) event: SessionEnded): void {
    this.recorder.record(sessionEnded(event));
  }
}
