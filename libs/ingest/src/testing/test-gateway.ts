// The part of a gateway that edges use, behind a real transport.
import { Controller, Module } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { authorizePublishSchema, ControlSubject, PayloadPipe, publishEndedSchema } from '@millrace/control';
import type { AuthorizePublish, AuthorizePublishAnswer, PublishEnded } from '@millrace/control';
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

    @EventPattern<string>(ControlSubject.publishEnded)
    publishEnded(@Payload(new PayloadPipe(publishEndedSchema)) event: PublishEnded): void {
      plane.publishEnded(event);
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
