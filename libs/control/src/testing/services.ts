// Small services with the handlers that gateways and edges have, to talk to.
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BaseRpcContext, Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  authorizePublishSchema,
  challengeLoginSchema,
  cutPublisherSchema,
  publishEndedSchema,
  putTimedMetadataSchema,
  sessionWarnedSchema,
  timedMetadataPutSchema,
} from '../message-schemas.ts';
import { handOverSchema, takeHandedEvents } from '../handover/hand-over-messages.ts';
import type { HandOver, HandOverAnswer } from '../handover/hand-over-messages.ts';
import { ControlSubject } from '../messages.ts';
import type {
  AuthorizePublish,
  ChallengeLogin,
  ChallengeLoginAnswer,
  CutPublisher,
  PublishEnded,
  PutTimedMetadata,
  SessionWarned,
  TimedMetadataPut,
} from '../messages.ts';
import { PayloadPipe } from '../payload-pipe.ts';
import { TO_ALL } from '../transport/to-all.ts';
import { usageReportSchema, UsageSubject } from '../usage/usage-messages.ts';
import type { UsageReport, UsageReportAnswer } from '../usage/usage-messages.ts';

/** What a test's gateway does with a request. */
export type Answer = (request: AuthorizePublish) => unknown;

export interface TestService {
  readonly app: INestMicroservice;
  readonly ended: PublishEnded[];
  readonly warned: SessionWarned[];
  readonly cuts: CutPublisher[];
  readonly metadata: (PutTimedMetadata | TimedMetadataPut)[];
  readonly usage: UsageReport[];
  requests: number;
  /** The `traceparent` of each message, as a handler reads it. */
  readonly traceparents: (string | undefined)[];
}

/** What both transports' contexts have. */
interface WithHeaders {
  getHeaders(): { get(name: string): string | undefined } | undefined;
}

const traceparentOf = (context: unknown): string | undefined =>
  (context as WithHeaders).getHeaders()?.get('traceparent') || undefined;

const newService = (app: INestMicroservice): TestService => ({
  app,
  ended: [],
  warned: [],
  cuts: [],
  metadata: [],
  usage: [],
  requests: 0,
  traceparents: [],
});

export async function startGateway(options: MicroserviceOptions, answer: Answer): Promise<TestService> {
  @Controller()
  class GatewayController {
    @MessagePattern<string>(ControlSubject.authorizePublish)
    authorize(
      @Payload(new PayloadPipe(authorizePublishSchema)) request: AuthorizePublish,
      @Ctx() context: BaseRpcContext,
    ): unknown {
      service.traceparents.push(traceparentOf(context));
      service.requests++;
      return answer(request);
    }

    @MessagePattern<string>(ControlSubject.challengeLogin)
    challengeLogin(@Payload(new PayloadPipe(challengeLoginSchema)) { user }: ChallengeLogin): ChallengeLoginAnswer {
      return { salt: `salt of ${user}`, opaque: 'opaque' };
    }

    @MessagePattern<string>(UsageSubject.reportUsage)
    reportUsage(@Payload(new PayloadPipe(usageReportSchema)) report: UsageReport): UsageReportAnswer {
      service.usage.push(report);
      return { recorded: true };
    }

    @MessagePattern<string>(ControlSubject.handOver)
    handOver(@Payload(new PayloadPipe(handOverSchema)) request: HandOver): Promise<HandOverAnswer> {
      return takeHandedEvents(request, ({ subject, data }) => {
        if (subject === ControlSubject.publishEnded) service.ended.push(publishEndedSchema.parse(data));
        if (subject === ControlSubject.sessionWarned) service.warned.push(sessionWarnedSchema.parse(data));
        return true;
      });
    }

    @EventPattern<string>(ControlSubject.publishEnded)
    publishEnded(@Payload(new PayloadPipe(publishEndedSchema)) event: PublishEnded): void {
      service.ended.push(event);
    }

    @EventPattern<string>(ControlSubject.timedMetadataPut, TO_ALL)
    metadataPut(@Payload(new PayloadPipe(timedMetadataPutSchema)) event: TimedMetadataPut): void {
      service.metadata.push(event);
    }

    @EventPattern<string>(ControlSubject.sessionWarned)
    warned(@Payload(new PayloadPipe(sessionWarnedSchema)) event: SessionWarned): void {
      service.warned.push(event);
    }
  }
  @Module({ controllers: [GatewayController] })
  class GatewayModule {}
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(GatewayModule, { ...options, logger: false });
  const service: TestService = newService(app);
  await app.listen();
  return service;
}

export async function startEdge(options: MicroserviceOptions): Promise<TestService> {
  @Controller()
  class EdgeController {
    @EventPattern<string>(ControlSubject.cutPublisher)
    cutPublisher(
      @Payload(new PayloadPipe(cutPublisherSchema)) event: CutPublisher,
      @Ctx() context: BaseRpcContext,
    ): void {
      service.traceparents.push(traceparentOf(context));
      service.cuts.push(event);
    }

    @EventPattern<string>(ControlSubject.putTimedMetadata)
    putMetadata(@Payload(new PayloadPipe(putTimedMetadataSchema)) event: PutTimedMetadata): void {
      service.metadata.push(event);
    }
  }
  @Module({ controllers: [EdgeController] })
  class EdgeModule {}
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(EdgeModule, { ...options, logger: false });
  const service: TestService = newService(app);
  await app.listen();
  return service;
}
