// What the control plane tells edges.
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ControlSubject, cutPublisherSchema, PayloadPipe } from '@millrace/control';
import type { CutPublisher } from '@millrace/control';
import { RtspEdgeService } from './rtsp-edge.service.ts';

@Controller()
export class PublisherControlController {
  constructor(private readonly edge: RtspEdgeService) {}

  @EventPattern<string>(ControlSubject.cutPublisher)
  cutPublisher(@Payload(new PayloadPipe(cutPublisherSchema)) event: CutPublisher): void {
    this.edge.cutPublisher(event);
  }
}
