// What edges and packagers hear of a gateway.
import { Controller, Inject, Module, type DynamicModule, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ControlSubject, type CutPublisher, type InProcessControl, type StreamLive } from '@millrace/control';

export class Heard {
  readonly cuts: CutPublisher[] = [];
  readonly live: StreamLive[] = [];
}

@Controller()
class EarsController {
  constructor(@Inject(Heard) private readonly heard: Heard) {}

  @EventPattern<string>(ControlSubject.cutPublisher)
  cut(@Payload() event: CutPublisher): void {
    this.heard.cuts.push(event);
  }

  @EventPattern<string>(ControlSubject.streamLive)
  live(@Payload() event: StreamLive): void {
    this.heard.live.push(event);
  }
}

@Module({})
class EarsModule {
  static register(heard: Heard): DynamicModule {
    return {
      module: EarsModule,
      controllers: [EarsController],
      providers: [{ provide: Heard, useValue: heard }],
    };
  }
}

export class EdgeEars {
  private constructor(
    readonly heard: Heard,
    private readonly service: INestMicroservice,
  ) {}

  static async listen(bus: InProcessControl): Promise<EdgeEars> {
    const heard = new Heard();
    const service = await NestFactory.createMicroservice(EarsModule.register(heard), {
      strategy: bus.server(),
      logger: false,
    });
    await service.listen();
    return new EdgeEars(heard, service);
  }

  close(): Promise<void> {
    return this.service.close();
  }
}
