// The part of a gateway that edges use, behind a real transport.
import { Controller, Module } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  authorizePublishSchema,
  ControlSubject,
  handOverSchema,
  PayloadPipe,
  publishEndedSchema,
  takeHandedEvents,
} from '@millrace/control';
import type { AuthorizePublish, AuthorizePublishAnswer, HandOver, HandOverAnswer } from '@millrace/control';
import type { TestControlPlane } from './test-control-plane.ts';

export async function startTestGateway(
  plane: TestControlPlane,
  transport: MicroserviceOptions,
): Promise<INestMicroservice> {
  @Controller()
  class PublishController {
    @MessagePattern<string>(ControlSubject.authorizePublish)
    authorize(
      @Payload(new PayloadPipe(authorizePublishSchema)) request: AuthorizePublish,
    ): Promise<AuthorizePublishAnswer> {
      return plane.authorizePublish(request);
    }

    @MessagePattern<string>(ControlSubject.handOver)
    handOver(@Payload(new PayloadPipe(handOverSchema)) request: HandOver): Promise<HandOverAnswer> {
      return takeHandedEvents(request, ({ subject, data }) => {
        if (subject === ControlSubject.publishEnded) plane.publishEnded(publishEndedSchema.parse(data));
        return true;
      });
    }
  }
  @Module({ controllers: [PublishController] })
  class TestGatewayModule {}
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(TestGatewayModule, {
    ...transport,
    logger: false,
  });
  await app.listen();
  return app;
}
