// What the control plane tells edges.
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ControlSubject, cutPublisherSchema, PayloadPipe, putTimedMetadataSchema } from '@millrace/control';
import type { CutPublisher, PutTimedMetadata } from '@millrace/control';
import { RtspEdgeService } from './rtsp-edge.service.ts';

@Controller()
export class RtspPublisherControlController {
  constructor(private readonly edge: RtspEdgeService) {}

  @EventPattern<string>(ControlSubject.cutPublisher)
  cutPublisher(@Payload(new PayloadPipe(cutPublisherSchema)) event: CutPublisher): void {
    this.edge.cutPublisher(event);
  }

  @EventPattern<string>(ControlSubject.putTimedMetadata)
  putTimedMetadata(@Payload(new PayloadPipe(putTimedMetadataSchema)) event: PutTimedMetadata): Promise<void> {
    return this.edge.putTimedMetadata(event);
  }
}
