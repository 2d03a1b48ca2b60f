// What the control plane tells edges.
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ControlSubject, cutPublisherSchema, PayloadPipe } from '@millrace/control';
import type { CutPublisher } from '@millrace/control';
import { RtmpEdge } from './rtmp-edge.ts';

@Controller()
export class PublisherControlController {
  readonly #edge: RtmpEdge;

  constructor(@Inject(RtmpEdge) edge: RtmpEdge) {
    this.#edge = edge;
  }

  @EventPattern<string>(ControlSubject.cutPublisher)
  cutPublisher(@Payload(new PayloadPipe(cutPublisherSchema)) event: CutPublisher): void {
    this.#edge.cutPublisher(event);
  }
}
