// What edges, packagers, signaling servers and relays hear of a gateway.
import { Controller, Inject, Module } from '@nestjs/common';
import type { DynamicModule, INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BaseRpcContext, Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { ControlPlaneClient, ControlSubject, RelaySubject, RoomSubject, SourceSubject } from '@millrace/control';
import type {
  CutPublisher,
  InProcessControl,
  ParticipantRemove,
  PutTimedMetadata,
  RevokeRelay,
  RoomEnd,
  SourceChanged,
  StreamLive,
  TargetsChanged,
  TimedMetadataPut,
} from '@millrace/control';
import type { RoomFacts } from '@millrace/domain';

export class Heard {
  /** The `traceparent` of each cut. */
  readonly traceparents: (string | undefined)[] = [];
  readonly cuts: CutPublisher[] = [];
  readonly live: StreamLive[] = [];
  readonly metadata: PutTimedMetadata[] = [];
  /** What becomes of timed metadata on the edge; undefined: no edge answers. */
  metadataOutcome: TimedMetadataPut['outcome'] | undefined = 'written';
  readonly targetChanges: TargetsChanged[] = [];
  readonly sourceChanges: SourceChanged[] = [];
  readonly roomChanges: RoomFacts[] = [];
  readonly roomEnds: RoomEnd[] = [];
  readonly removals: ParticipantRemove[] = [];
  readonly revocations: RevokeRelay[] = [];
}

@Controller()
class EarsController {
  constructor(
    @Inject(Heard) private readonly heard: Heard,
    @Inject(ControlPlaneClient) private readonly control: ControlPlaneClient,
  ) {}

  @EventPattern<string>(ControlSubject.putTimedMetadata)
  putMetadata(@Payload() event: PutTimedMetadata): void {
    const { metadata, metadataOutcome: outcome } = this.heard;
    metadata.push(event);
    if (outcome !== undefined) this.control.timedMetadataPut({ id: event.id, outcome });
  }

  @EventPattern<string>(ControlSubject.cutPublisher)
  cut(@Payload() event: CutPublisher, @Ctx() context: BaseRpcContext): void {
    const headers = context.getArgByIndex(1) as ReadonlyMap<string, string>;
    this.heard.traceparents.push(headers.get('traceparent'));
    this.heard.cuts.push(event);
  }

  @EventPattern<string>(SourceSubject.sourceChanged)
  sourceChanged(@Payload() event: SourceChanged): void {
    this.heard.sourceChanges.push(event);
  }

  @EventPattern<string>(ControlSubject.streamLive)
  live(@Payload() event: StreamLive): void {
    this.heard.live.push(event);
  }

  @EventPattern<string>(ControlSubject.targetsChanged)
  targetsChanged(@Payload() event: TargetsChanged): void {
    this.heard.targetChanges.push(event);
  }

  @EventPattern<string>(RoomSubject.roomChanged)
  roomChanged(@Payload() event: RoomFacts): void {
    this.heard.roomChanges.push(event);
  }

  @EventPattern<string>(RoomSubject.roomEnd)
  roomEnd(@Payload() event: RoomEnd): void {
    this.heard.roomEnds.push(event);
  }

  @EventPattern<string>(RoomSubject.participantRemove)
  remove(@Payload() event: ParticipantRemove): void {
    this.heard.removals.push(event);
  }

  @EventPattern<string>(RelaySubject.revokeRelay)
  revoke(@Payload() event: RevokeRelay): void {
    this.heard.revocations.push(event);
  }
}

@Module({})
class EarsModule {
  static register(heard: Heard, bus: InProcessControl): DynamicModule {
    return {
      module: EarsModule,
      controllers: [EarsController],
      providers: [
        { provide: Heard, useValue: heard },
        { provide: ControlPlaneClient, useFactory: () => new ControlPlaneClient(bus.client()) },
      ],
    };
  }
}

export class EdgeEars {
  readonly #service: INestMicroservice;

  private constructor(
    readonly heard: Heard,
    service: INestMicroservice,
  ) {
    this.#service = service;
  }

  static async listen(bus: InProcessControl): Promise<EdgeEars> {
    const heard = new Heard();
    const service = await NestFactory.createMicroservice(EarsModule.register(heard, bus), {
      strategy: bus.server(),
      logger: false,
    });
    await service.listen();
    return new EdgeEars(heard, service);
  }

  close(): Promise<void> {
    return this.#service.close();
  }
}
