// What gateways tell edges of sources.
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { PayloadPipe, sourceChangedSchema, SourceSubject } from '@millrace/control';
import { SourcePuller } from './source-puller.ts';

@Controller()
export class SourceNewsController {
  constructor(private readonly puller: SourcePuller) {}

  @EventPattern<string>(SourceSubject.sourceChanged)
  changed(@Payload(new PayloadPipe(sourceChangedSchema)) _event: unknown): void {
    this.puller.changed();
  }
}
