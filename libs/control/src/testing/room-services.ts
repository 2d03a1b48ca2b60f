// Small services with the handlers that gateways, signaling servers and relays have, to talk to.
import 'reflect-metadata';
import type { RoomFacts } from '@millrace/domain';
import { Controller, Module } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { handOverSchema, takeHandedEvents } from '../handover/hand-over-messages.ts';
import type { HandOver, HandOverAnswer } from '../handover/hand-over-messages.ts';
import { ControlSubject } from '../messages.ts';
import { PayloadPipe } from '../payload-pipe.ts';
import { RelaySubject } from '../rooms/relay-messages.ts';
import type { AuthorizeRelay, RelayUsage, RevokeRelay } from '../rooms/relay-messages.ts';
import { authorizeRelaySchema, relayUsageSchema, revokeRelaySchema } from '../rooms/relay-schemas.ts';
import { RoomSubject } from '../rooms/room-messages.ts';
import type {
  AuthorizeJoin,
  IssueIceServers,
  ParticipantJoined,
  ParticipantLeft,
  ParticipantRemove,
  RenewToken,
  RoomEnd,
  RoomFinished,
  RoomStarted,
} from '../rooms/room-messages.ts';
import {
  authorizeJoinSchema,
  issueIceServersSchema,
  participantJoinedSchema,
  participantLeftSchema,
  participantRemoveSchema,
  renewTokenSchema,
  roomEndSchema,
  roomFactsSchema,
  roomFinishedSchema,
  roomStartedSchema,
} from '../rooms/room-schemas.ts';

/** What a test's gateway answers. */
export interface RoomAnswers {
  join?(request: AuthorizeJoin): unknown;
  ice?(request: IssueIceServers): unknown;
  renew?(request: RenewToken): unknown;
  relay?(request: AuthorizeRelay): unknown;
}

export interface RoomService {
  readonly app: INestMicroservice;
  /** What it heard, in order. */
  readonly heard: object[];
}

async function start(controller: new () => object, options: MicroserviceOptions): Promise<INestMicroservice> {
  @Module({ controllers: [controller] })
  class ServiceModule {}
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(ServiceModule, { ...options, logger: false });
  await app.listen();
  return app;
}

export async function startRoomGateway(options: MicroserviceOptions, answers: RoomAnswers): Promise<RoomService> {
  const heard: object[] = [];
  @Controller()
  class GatewayController {
    @MessagePattern<string>(RoomSubject.authorizeJoin)
    join(@Payload(new PayloadPipe(authorizeJoinSchema)) request: AuthorizeJoin): unknown {
      heard.push(request);
      return answers.join?.(request);
    }

    @MessagePattern<string>(RoomSubject.issueIceServers)
    ice(@Payload(new PayloadPipe(issueIceServersSchema)) request: IssueIceServers): unknown {
      heard.push(request);
      return answers.ice?.(request);
    }

    @MessagePattern<string>(RoomSubject.renewToken)
    renew(@Payload(new PayloadPipe(renewTokenSchema)) request: RenewToken): unknown {
      heard.push(request);
      return answers.renew?.(request);
    }

    @MessagePattern<string>(RelaySubject.authorizeRelay)
    relay(@Payload(new PayloadPipe(authorizeRelaySchema)) request: AuthorizeRelay): unknown {
      heard.push(request);
      return answers.relay?.(request);
    }

    @MessagePattern<string>(ControlSubject.handOver)
    handOver(@Payload(new PayloadPipe(handOverSchema)) request: HandOver): Promise<HandOverAnswer> {
      return takeHandedEvents(request, ({ data }) => heard.push(data as object) > 0);
    }

    @EventPattern<string>(RoomSubject.roomStarted)
    started(@Payload(new PayloadPipe(roomStartedSchema)) event: RoomStarted): void {
      heard.push(event);
    }

    @EventPattern<string>(RoomSubject.roomFinished)
    finished(@Payload(new PayloadPipe(roomFinishedSchema)) event: RoomFinished): void {
      heard.push(event);
    }

    @EventPattern<string>(RoomSubject.participantJoined)
    joined(@Payload(new PayloadPipe(participantJoinedSchema)) event: ParticipantJoined): void {
      heard.push(event);
    }

    @EventPattern<string>(RoomSubject.participantLeft)
    left(@Payload(new PayloadPipe(participantLeftSchema)) event: ParticipantLeft): void {
      heard.push(event);
    }

    @EventPattern<string>(RelaySubject.relayUsage)
    usage(@Payload(new PayloadPipe(relayUsageSchema)) event: RelayUsage): void {
      heard.push(event);
    }
  }
  return { app: await start(GatewayController, options), heard };
}

/** A signaling server and a relay in one. */
export async function startRoomServer(options: MicroserviceOptions): Promise<RoomService> {
  const heard: object[] = [];
  @Controller()
  class ServerController {
    @EventPattern<string>(RoomSubject.roomChanged)
    changed(@Payload(new PayloadPipe(roomFactsSchema)) event: RoomFacts): void {
      heard.push(event);
    }

    @EventPattern<string>(RoomSubject.roomEnd)
    end(@Payload(new PayloadPipe(roomEndSchema)) event: RoomEnd): void {
      heard.push(event);
    }

    @EventPattern<string>(RoomSubject.participantRemove)
    remove(@Payload(new PayloadPipe(participantRemoveSchema)) event: ParticipantRemove): void {
      heard.push(event);
    }

    @EventPattern<string>(RelaySubject.revokeRelay)
    revoke(@Payload(new PayloadPipe(revokeRelaySchema)) event: RevokeRelay): void {
      heard.push(event);
    }
  }
  return { app: await start(ServerController, options), heard };
}
