// A control plane for tests: says what tokens allow, and hears what signaling tells.
import 'reflect-metadata';
import {
  ControlSubject,
  handOverSchema,
  PayloadPipe,
  RoomControlClient,
  RoomSubject,
  takeHandedEvents,
  usageReportSchema,
  UsageSubject,
} from '@millrace/control';
import type {
  AuthorizeJoin,
  AuthorizeJoinAnswer,
  HandOver,
  HandOverAnswer,
  IssueIceServers,
  IssueIceServersAnswer,
  JoinGrant,
  RenewToken,
  RenewTokenAnswer,
  RoomControl,
  UsageReport,
  UsageReportAnswer,
} from '@millrace/control';
import { ALL_PERMISSIONS, newId } from '@millrace/domain';
import type { RoomFacts } from '@millrace/domain';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BaseRpcContext, Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { ClientProxy, MicroserviceOptions } from '@nestjs/microservices';

export type Heard = readonly [subject: string, event: object];

export function sampleRoom(facts: Partial<RoomFacts> = {}): RoomFacts {
  return {
    tenantId: newId('ten'),
    roomId: newId('room'),
    name: 'Stand-up',
    type: 'group',
    maxParticipants: 8,
    locked: false,
    version: 1,
    ...facts,
  };
}

export class TestGateway {
  readonly heard: Heard[] = [];
  readonly usage: UsageReport[] = [];
  readonly asked: (AuthorizeJoin | IssueIceServers)[] = [];
  /** The `traceparent` of each question about a join. */
  readonly traceparents: (string | undefined)[] = [];
  /** Says to the pods what REST would. */
  readonly control: RoomControl;
  /** What it answers to each token; a token that it does not know is a bad one. */
  readonly answers = new Map<string, AuthorizeJoinAnswer | Promise<AuthorizeJoinAnswer>>();
  iceAnswer: IssueIceServersAnswer = {
    granted: true,
    iceServers: [{ urls: ['turn:127.0.0.1:3478'], username: 'u', credential: 'c' }],
    expiresAtMs: 1_900_000_000_000,
  };
  /** What it was asked for fresh tokens, and what it answers. */
  readonly renewals: RenewToken[] = [];
  renewAnswer: RenewTokenAnswer = { granted: false, refusal: 'bad_token' };
  #close: () => Promise<void> = async () => undefined;

  private constructor(client: ClientProxy) {
    this.control = new RoomControlClient(client);
  }

  static async start(server: MicroserviceOptions, client: ClientProxy): Promise<TestGateway> {
    const gateway = new TestGateway(client);
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(moduleOf(gateway), {
      ...server,
      logger: false,
    });
    await app.listen();
    gateway.#close = async () => {
      await app.close();
      await client.close();
    };
    return gateway;
  }

  /** Makes a token that lets its bearer into a room. */
  token(room: RoomFacts, grant: Partial<JoinGrant> = {}): string {
    const token = `token-${this.answers.size}`;
    const limits = { maxRooms: 100, maxParticipants: 1_000 };
    this.answers.set(token, {
      granted: true,
      grant: { room, identity: undefined, name: undefined, permissions: ALL_PERMISSIONS, limits, ...grant },
    });
    return token;
  }

  /** The events of one kind, oldest first. */
  events(subject: string): object[] {
    return this.heard.filter(([heard]) => heard === subject).map(([, event]) => event);
  }

  async close(): Promise<void> {
    await this.#close();
  }
}

type MaybeHeaders = { get(name: string): string | undefined } | undefined;

function moduleOf(gateway: TestGateway): new () => object {
  const note = (subject: string, event: object): void => void gateway.heard.push([subject, event]);

  @Controller()
  class GatewayController {
    @MessagePattern<string>(RoomSubject.authorizeJoin)
    authorize(
      @Payload() request: AuthorizeJoin,
      @Ctx() context: BaseRpcContext,
    ): AuthorizeJoinAnswer | Promise<AuthorizeJoinAnswer> {
      gateway.traceparents.push((context.getArgByIndex(1) as MaybeHeaders)?.get('traceparent'));
      gateway.asked.push(request);
      return gateway.answers.get(request.token) ?? { granted: false, refusal: 'bad_token' };
    }

    @MessagePattern<string>(RoomSubject.issueIceServers)
    ice(@Payload() request: IssueIceServers): IssueIceServersAnswer {
      gateway.asked.push(request);
      return gateway.iceAnswer;
    }

    @MessagePattern<string>(RoomSubject.renewToken)
    renew(@Payload() request: RenewToken): RenewTokenAnswer {
      gateway.renewals.push(request);
      return gateway.renewAnswer;
    }

    @MessagePattern<string>(UsageSubject.reportUsage)
    reportUsage(@Payload(new PayloadPipe(usageReportSchema)) report: UsageReport): UsageReportAnswer {
      gateway.usage.push(report);
      return { recorded: true };
    }

    @MessagePattern<string>(ControlSubject.handOver)
    handOver(@Payload(new PayloadPipe(handOverSchema)) request: HandOver): Promise<HandOverAnswer> {
      return takeHandedEvents(request, ({ subject, data }) => {
        note(subject, data as object);
        return true;
      });
    }
  }

  @Module({ controllers: [GatewayController] })
  class GatewayModule {}
  return GatewayModule;
}
